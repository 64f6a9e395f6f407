package text

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

// An Index is an open text index. It is safe for concurrent use, except for Close. It has the
// documents' records and a sixteenth of the terms in memory, and reads the rest from its file.
type Index struct {
	r         io.ReaderAt
	file      io.Closer
	header    *header
	blocks    []byte
	documents []byte
	scratch   sync.Pool
}

// Open opens the text index in the file name, and compares all of it with its hash. The error wraps
// ErrStale if it is not that of the archive with the Binding of, else ErrCorrupt, ErrVersion,
// ErrMissing, or is one of the file. It does not name the file.
func Open(name string, of Binding) (*Index, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	x, err := OpenReaderAt(f, fi.Size(), of)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	x.file = f
	return x, nil
}

// OpenPart is Open for an index that is size bytes of a file from the offset base on. Close closes
// f, and so does an error.
func OpenPart(f *os.File, base, size int64, of Binding) (*Index, error) {
	x, err := OpenReaderAt(io.NewSectionReader(f, base, size), size, of)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	x.file = f
	return x, nil
}

// OpenReaderAt is Open for an index of size bytes that is anywhere.
func OpenReaderAt(r io.ReaderAt, size int64, of Binding) (*Index, error) {
	var b [HeaderSize]byte
	if !Supported {
		return nil, ErrMissing
	}
	if size < HeaderSize {
		return nil, corrupt("it is truncated")
	}
	if _, err := r.ReadAt(b[:], 0); err != nil {
		return nil, readError(err)
	}
	h, err := parseHeader(b[:], size)
	if err != nil {
		return nil, err
	}
	if h.binding != of {
		return nil, ErrStale
	}
	sum := xxhash.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, HeaderSize, size-HeaderSize)); err != nil {
		return nil, readError(err)
	}
	if sum.Sum64() != h.sum {
		return nil, corrupt("it does not have its hash")
	}
	x := &Index{r: r, header: h}
	x.scratch.New = func() any { return newScratch(int(h.documents)) }
	if x.blocks, err = x.section(h.blocksAt, h.documentsAt); err != nil {
		return nil, err
	}
	x.documents, err = x.section(h.documentsAt, h.titlesAt)
	return x, err
}

// Close closes the file.
func (x *Index) Close() error {
	if x.file == nil {
		return nil
	}
	return x.file.Close()
}

// Documents returns how many documents the index has.
func (x *Index) Documents() int { return int(x.header.documents) }

// section reads the bytes from one offset to another, both of them checked.
func (x *Index) section(from, to uint64) ([]byte, error) {
	b := make([]byte, to-from)
	return b, x.readAt(b, from)
}

func (x *Index) readAt(b []byte, at uint64) error {
	if len(b) == 0 { // at the end of the file, ReadAt would return io.EOF
		return nil
	}
	if _, err := x.r.ReadAt(b, int64(at)); err != nil {
		return readError(err)
	}
	return nil
}

// readError makes an error of a file that has become shorter one of the index.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// record returns the record of a document, which must be less than the number of documents.
func (x *Index) record(doc uint32) []byte {
	return x.documents[int(doc)*documentSize:][:documentSize]
}

// Fields of a record.
func ordinalOf(record []byte) uint32  { return binary.LittleEndian.Uint32(record) }
func wordsOf(record []byte) uint32    { return binary.LittleEndian.Uint32(record[4:]) }
func groupOf(record []byte) uint32    { return binary.LittleEndian.Uint32(record[8:]) }
func titleEndOf(record []byte) uint64 { return binary.LittleEndian.Uint64(record[12:]) }

// title returns the title of a document, which may have any bytes.
func (x *Index) title(doc uint32) (string, error) {
	from, end := uint64(0), titleEndOf(x.record(doc))
	if doc > 0 {
		from = titleEndOf(x.record(doc - 1))
	}
	if from > end || end-from > prose.MaxTitle || end > x.header.size-x.header.titlesAt {
		return "", corrupt("the title of document %d has no place in it", doc)
	}
	b, err := x.section(x.header.titlesAt+from, x.header.titlesAt+end)
	return string(b), err
}
