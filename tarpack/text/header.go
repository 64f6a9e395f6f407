package text

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/tarpack"
)

// Suffix is what the name of a text index has after that of its archive.
const Suffix = ".tpx"

// Version is the version of the format that Build writes, and the only one that Open reads.
const Version = 1

// HeaderSize is the length of the header.
const HeaderSize = 128

const magic = "TPKWORDS"

// MaxDocuments is how many documents an index may have. A search needs 9 bytes for each.
const MaxDocuments = 1 << 22

// The errors of Open and Search.
var (
	ErrStale   = errors.New("the text index belongs to another state of the archive")
	ErrCorrupt = errors.New("the text index is corrupt")
	ErrVersion = errors.New("the text index has a version that is not supported")
	// ErrMissing is an error of Build as well.
	ErrMissing = errors.New("this build has no text search")
)

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

// A Binding ties an index to its archive. An archive has another one after each change.
type Binding struct {
	Digest uint64 // of its sidecar, as in its trailer
	Size   int64  // in bytes, as its sidecar has it
}

// BindingOf returns the Binding of an open archive.
func BindingOf(a *tarpack.Archive) Binding {
	return Binding{a.Index().Digest(), a.Index().ArchiveSize()}
}

// header is what the header has. Each section ends where the next one begins.
type header struct {
	binding                                  Binding
	documents, terms, words                  uint64
	termsAt, blocksAt, documentsAt, titlesAt uint64
	size                                     uint64 // of the file
	sum                                      uint64 // xxHash64 of all after the header
}

// fields returns the numbers of a header in the order of the file, from byte 16 on.
func (h *header) fields() []*uint64 {
	return []*uint64{&h.binding.Digest, nil, &h.documents, &h.terms, &h.words, &h.termsAt,
		&h.blocksAt, &h.documentsAt, &h.titlesAt, &h.size, &h.sum}
}

// encode returns the bytes of a header.
func (h *header) encode() []byte {
	b := append(make([]byte, 0, HeaderSize), magic...)
	b = binary.LittleEndian.AppendUint64(b, Version)
	for _, f := range h.fields() {
		if f == nil {
			b = binary.LittleEndian.AppendUint64(b, uint64(h.binding.Size))
			continue
		}
		b = binary.LittleEndian.AppendUint64(b, *f)
	}
	b = b[:HeaderSize-8]
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// parseHeader reads a header, and checks that the sections are in order in a file of that size.
func parseHeader(b []byte, size int64) (*header, error) {
	if len(b) < HeaderSize || string(b[:8]) != magic {
		return nil, corrupt("it does not begin as one")
	}
	if binary.LittleEndian.Uint64(b[HeaderSize-8:]) != xxhash.Sum64(b[:HeaderSize-8]) {
		return nil, corrupt("its header does not have its hash")
	}
	if v := binary.LittleEndian.Uint64(b[8:]); v != Version {
		return nil, fmt.Errorf("%w: %d", ErrVersion, v)
	}
	h := &header{}
	for k, f := range h.fields() {
		n := binary.LittleEndian.Uint64(b[16+8*k:])
		if f == nil {
			h.binding.Size = int64(n)
			continue
		}
		*f = n
	}
	if h.size != uint64(size) {
		return nil, corrupt("it has %d bytes, and should have %d", size, h.size)
	}
	return h, h.check()
}

// check compares the counts with the lengths of the sections.
func (h *header) check() error {
	at := uint64(HeaderSize)
	for _, next := range []uint64{h.termsAt, h.blocksAt, h.documentsAt, h.titlesAt, h.size} {
		if next < at {
			return corrupt("its sections are not in order")
		}
		at = next
	}
	blocks := (h.terms + blockTerms - 1) / blockTerms
	switch {
	case h.documents > MaxDocuments, h.titlesAt-h.documentsAt != h.documents*documentSize:
		return corrupt("the number of documents is wrong")
	case h.terms > h.size || h.documentsAt-h.blocksAt != blocks*blockSize:
		return corrupt("the number of terms is wrong")
	}
	return nil
}

const (
	documentSize = 20 // of the record of a document
	blockTerms   = 16 // terms in a block
	blockSize    = 16 // of the record of a block
)

// The first byte of a term is its field. A query never has these bytes in a word.
const (
	fieldText = 't' // a word of a document, with its positions. The name and the title come first
	fieldName = 'n' // a word of the name or of the title
	fieldKey  = 'k' // a whole name, of words with a space between: what a search for it finds first
)
