package variants

import (
	"bytes"
	"crypto/sha256"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/sidecar"
)

// Dictionary is what contents of one kind were encoded with. It is raw: bytes that often occur in
// them, without a header.
type Dictionary struct {
	SHA256 sidecar.Sum
	Kind   string // how the names of the contents end that use it, such as ".html"
	Bytes  []byte
	Brotli []byte // the same in brotli, for sending; nil if that is not there
}

// Dictionaries returns the dictionaries of the file. They were checked, and must not be changed.
// The number of a dictionary is its place in the list.
func (x *File) Dictionaries() []Dictionary { return x.decoder.dictionaries }

// openDictionaries reads all dictionaries, and compares them with their sums.
func (x *File) openDictionaries() error {
	rows := x.tables[dictionaryTable]
	for i := range x.limits.dictionaries {
		d, err := x.openDictionary(rows[i*dictionaryRow:][:dictionaryRow])
		if err != nil {
			return err
		}
		x.decoder.dictionaries = append(x.decoder.dictionaries, d)
	}
	return nil
}

func (x *File) openDictionary(row []byte) (d Dictionary, err error) {
	copy(d.SHA256[:], row[atDictionarySum:])
	kind, after, _ := bytes.Cut(row[atKind:atDictionaryPlace], []byte{0})
	d.Kind = string(kind)
	if len(bytes.Trim(after, "\x00")) > 0 || len(bytes.Trim(row[atDictionaryZero:], "\x00")) > 0 {
		return d, corruptf("bytes of a dictionary that are not zero")
	}
	raw, br := readPlace(row[atDictionaryPlace:]), readPlace(row[atDictionaryBr:])
	if d.Bytes, err = x.dictionaryBytes(raw); err != nil {
		return d, err
	}
	if sha256.Sum256(d.Bytes) != d.SHA256 {
		return d, corruptf("wrong SHA-256 of a dictionary")
	}
	if br == (place{}) || edition.Minimal { // what can't be compared is not sent
		return d, nil
	}
	if d.Brotli, err = x.dictionaryBytes(br); err != nil {
		return d, err
	}
	plain, err := decodeBrotli(nil, d.Brotli, raw.length)
	if err == nil && !bytes.Equal(plain, d.Bytes) {
		err = corruptf("a dictionary differs from its brotli")
	}
	return d, err
}

// dictionaryBytes reads the bytes of a dictionary, plain or encoded.
func (x *File) dictionaryBytes(p place) ([]byte, error) {
	if p.length > MaxDictionary || p.dictionary != 0 {
		return nil, corruptf("a dictionary of %d bytes", p.length)
	}
	return x.Append(nil, Variant{Offset: p.off, Length: p.length, Sum: p.hash})
}
