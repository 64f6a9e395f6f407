package variants

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
)

// ErrLimit: what is to be written exceeds a limit of the format.
var ErrLimit = errors.New("too large for a variants file")

// Writer writes a variants file. All dictionaries come first, then the contents in any order. Its
// error is sticky. It needs memory for the tables: 4 bytes for each entry and 96 for each content.
type Writer struct {
	dst      io.WriterAt
	off      int64 // of the next byte of data
	archive  Archive
	settings Settings
	tables   [numTables][]byte
	limits   limits
	err      error
}

// NewWriter returns a Writer of the variants file of an archive.
func NewWriter(dst io.WriterAt, a Archive, s Settings) *Writer {
	w := &Writer{dst: dst, off: headerSize, archive: a, settings: s}
	w.tables[entryTable] = make([]byte, int64(a.Entries)*entryRow)
	return w
}

// AddDictionary writes a dictionary, of which SHA256 is computed, and returns its number. Kind has
// at most MaxKind bytes, none of them NUL.
func (w *Writer) AddDictionary(d Dictionary) (number int, err error) {
	number = w.limits.dictionaries
	if number == MaxDictionaries || len(d.Bytes) > MaxDictionary || len(d.Bytes) == 0 ||
		len(d.Brotli) > MaxDictionary || len(d.Kind) > MaxKind {
		return 0, fmt.Errorf("dictionary of %d bytes: %w", len(d.Bytes), ErrLimit)
	}
	var row [dictionaryRow]byte
	sum := sha256.Sum256(d.Bytes)
	copy(row[atDictionarySum:], sum[:])
	copy(row[atKind:], d.Kind)
	w.write(d.Bytes).put(row[atDictionaryPlace:])
	if len(d.Brotli) > 0 {
		w.write(d.Brotli).put(row[atDictionaryBr:])
	}
	w.tables[dictionaryTable] = append(w.tables[dictionaryTable], row[:]...)
	w.limits.dictionaries++
	return number, w.err
}

// write writes data, and returns its place.
func (w *Writer) write(b []byte) place {
	p := place{off: w.off, length: int64(len(b)), hash: xxhash.Sum64(b)}
	if w.err == nil {
		_, w.err = w.dst.WriteAt(b, w.off)
	}
	w.off += p.length
	if w.err == nil && w.off >= 1<<48 {
		w.err = ErrLimit
	}
	return p
}

// Encoded is a content in one coding.
type Encoded struct {
	Bytes      []byte // empty: there is no such variant
	Dictionary int    // number, for DictionaryZstd
}

// Add writes the variants of the content of entry i. There may be none: then the file states that
// they were tried. It returns the set as it was written.
func (w *Writer) Add(
	i int, size int64, sum sidecar.Sum, variants [NumCodings]Encoded,
) (s Set, err error) {
	s.Size = size
	for c, e := range variants {
		if len(e.Bytes) == 0 {
			continue
		}
		p := w.write(e.Bytes)
		s.variants[c] = Variant{
			Coding: Coding(c), Dictionary: e.Dictionary, Offset: p.off, Length: p.length, Sum: p.hash,
		}
	}
	return s, w.AddStored(i, s, sum)
}

// AddStored adds a set to the tables whose bytes are in the file already: an earlier Writer has
// written them after the same dictionaries.
func (w *Writer) AddStored(i int, s Set, sum sidecar.Sum) error {
	for _, v := range s.variants {
		w.off = max(w.off, v.Offset+v.Length)
	}
	row := s.AppendRow(nil)
	w.limits.dataEnd = w.off
	if _, ok := w.limits.decodeSet(row); !ok && w.err == nil {
		w.err = fmt.Errorf("content of %d bytes: %w", s.Size, ErrLimit)
	}
	w.tables[setTable] = append(w.tables[setTable], row...)
	w.tables[sumTable] = append(w.tables[sumTable], sum[:]...)
	if w.err == nil { // there are fewer sets than entries, hence than 2^32
		w.err = w.point(i, uint32(len(w.tables[setTable])/setRow))
	}
	return w.err
}

// Link gives entry i the variants of another entry with the same content.
func (w *Writer) Link(i, target int) error {
	if w.err == nil && uint(target) >= uint(w.archive.Entries) {
		w.err = sidecar.ErrRange
	}
	if w.err == nil {
		row := w.tables[entryTable][target*entryRow:]
		w.err = w.point(i, binary.LittleEndian.Uint32(row))
	}
	return w.err
}

// point gives entry i the set with a number.
func (w *Writer) point(i int, set uint32) error {
	if uint(i) >= uint(w.archive.Entries) {
		return sidecar.ErrRange
	}
	binary.LittleEndian.PutUint32(w.tables[entryTable][i*entryRow:], set)
	return nil
}

// Finish writes the tables and the header, and returns the size of the file. The caller truncates
// the file to it.
func (w *Writer) Finish() (size int64, err error) {
	if w.err != nil {
		return 0, w.err
	}
	h := new(header)
	copy(h[:], magic)
	h.putU32(atVersion, Version)
	h.putU64(atArchive, w.archive.Digest)
	h.putU64(atArchiveSize, uint64(w.archive.Size))
	h.putU64(atEntries, uint64(w.archive.Entries))
	h.putU32(atSets, uint32(len(w.tables[setTable])/setRow))
	h.putU16(atDictionaries, uint16(w.limits.dictionaries))
	h[atCodings], h[atLevel] = byte(w.settings.Codings), byte(w.settings.Level)
	end := w.off
	for i, b := range w.tables {
		gap := aligned(end) - end
		if _, err := w.dst.WriteAt(make([]byte, gap), end); err != nil {
			return 0, err
		}
		t := table{off: end + gap, length: int64(len(b)), hash: xxhash.Sum64(b)}
		if _, err := w.dst.WriteAt(b, t.off); err != nil {
			return 0, err
		}
		h.putTable(i, t)
		end = t.end()
	}
	h.putU64(atSize, uint64(end))
	h.putU64(atDigest, h.sum())
	_, err = w.dst.WriteAt(h[:], 0)
	return end, err
}
