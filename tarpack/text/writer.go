package text

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/cespare/xxhash/v2"
)

// A writer writes the sections of an index after each other.
type writer struct {
	file   io.WriterAt
	out    *bufio.Writer
	sum    *xxhash.Digest
	size   int64 // so far, with the header
	header header

	documents, titles []byte
	groups            map[string]uint32 // the first document with each title

	terms  []byte
	blocks []byte
	before []byte // the term before
}

func newWriter(file io.WriterAt, of Binding) *writer {
	w := &writer{file: file, sum: xxhash.New(), size: HeaderSize, header: header{binding: of},
		groups: map[string]uint32{}}
	w.out = bufio.NewWriterSize(io.NewOffsetWriter(file, HeaderSize), 1<<20)
	return w
}

// write writes bytes of a section.
func (w *writer) write(b []byte) error {
	w.sum.Write(b)
	w.size += int64(len(b))
	_, err := w.out.Write(b)
	return err
}

// addDocument adds a document. Its number is how many came before it.
func (w *writer) addDocument(d *document, n uint32) {
	number := uint32(w.header.documents)
	group := number
	if d.title != "" {
		if first, ok := w.groups[d.title]; ok {
			group = first
		} else {
			w.groups[d.title] = number
		}
	}
	w.titles = append(w.titles, d.title...)
	for _, n := range []uint32{uint32(d.ordinal), n, group} {
		w.documents = binary.LittleEndian.AppendUint32(w.documents, n)
	}
	w.documents = binary.LittleEndian.AppendUint64(w.documents, uint64(len(w.titles)))
	w.header.documents++
	w.header.words += uint64(n)
}

// addTerm writes the list of a term, and notes the term. Terms come in order.
func (w *writer) addTerm(term []byte, l *list) error {
	shared := 0
	if w.header.terms%blockTerms == 0 {
		w.blocks = binary.LittleEndian.AppendUint64(w.blocks, uint64(len(w.terms)))
		w.blocks = binary.LittleEndian.AppendUint64(w.blocks, uint64(w.size))
	} else {
		for shared < min(len(term), len(w.before)) && term[shared] == w.before[shared] {
			shared++
		}
	}
	for _, n := range []int{shared, len(term) - shared} {
		w.terms = binary.AppendUvarint(w.terms, uint64(n))
	}
	w.terms = append(w.terms, term[shared:]...)
	for _, n := range []int{int(l.count), len(l.docs), len(l.positions)} {
		w.terms = binary.AppendUvarint(w.terms, uint64(n))
	}
	w.before = append(w.before[:0], term...)
	w.header.terms++
	if err := w.write(l.docs); err != nil {
		return err
	}
	return w.write(l.positions)
}

// finish writes the other sections, and the header last.
func (w *writer) finish() (size int64, err error) {
	h := &w.header
	for _, s := range []struct {
		at    *uint64
		bytes []byte
	}{{&h.termsAt, w.terms}, {&h.blocksAt, w.blocks}, {&h.documentsAt, w.documents},
		{&h.titlesAt, w.titles}} {
		*s.at = uint64(w.size)
		if err := w.write(s.bytes); err != nil {
			return 0, err
		}
	}
	if err := w.out.Flush(); err != nil {
		return 0, err
	}
	h.size, h.sum = uint64(w.size), w.sum.Sum64()
	_, err = w.file.WriteAt(h.encode(), 0)
	return w.size, err
}
