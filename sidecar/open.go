package sidecar

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"sync"

	"github.com/edsrzf/mmap-go"
)

// Index is an open sidecar. It is safe for concurrent use, except for Close.
type Index struct {
	header
	mem []byte // the whole sidecar, or nil
	sec [numSections][]byte
	m   int64 // home buckets

	r      io.ReaderAt  // where mem is nil
	pool   sync.Pool    // of *scratch, for r
	closer func() error // nil where there is nothing to release
	closed bool
}

// Open opens a sidecar file. It is mapped, and may be removed or replaced, even cut short, while it is open; a file that
// cannot be mapped is read as needed.
func Open(name string) (*Index, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	x, err := openFile(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return x, nil
}

// openFile is Open for an open file, which it closes or the Index owns; after an error the caller closes it.
func openFile(f *os.File) (*Index, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size < headerSize || size > math.MaxInt {
		return nil, corrupt("file of %d bytes", size)
	}
	m, err := mmap.MapRegion(f, int(size), mmap.RDONLY, 0, 0)
	if err != nil { // a file system without mmap, or no room for it in the address space
		x, err := OpenReaderAt(f, size)
		if err != nil {
			return nil, err
		}
		x.closer = f.Close
		return x, nil
	}
	x, err := OpenBytes(m)
	if err != nil {
		return nil, errors.Join(err, m.Unmap())
	}
	x.closer = m.Unmap
	f.Close() // the map stays, and nothing was written
	return x, nil
}

// OpenBytes opens a sidecar in memory. The bytes must not change as long as the Index is in use.
func OpenBytes(b []byte) (x *Index, err error) {
	if len(b) < headerSize {
		return nil, corrupt("file of %d bytes", len(b))
	}
	x = &Index{mem: b}
	if err := x.open(int64(len(b))); err != nil {
		return nil, err
	}
	for i, s := range x.sections {
		x.sec[i] = b[s.off : s.off+s.len : s.off+s.len]
	}
	return x, nil
}

// OpenReaderAt opens a sidecar of size bytes behind an [io.ReaderAt], such as a remote file. It reads the header, and
// later what each call needs, some hundred bytes at a time.
func OpenReaderAt(r io.ReaderAt, size int64) (*Index, error) {
	if size < headerSize {
		return nil, corrupt("file of %d bytes", size)
	}
	x := &Index{r: r}
	x.pool.New = func() any { return new(scratch) }
	if err := x.open(size); err != nil {
		return nil, err
	}
	return x, nil
}

// open reads the header.
func (x *Index) open(size int64) (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	b := make([]byte, headerSize)
	if x.r == nil {
		copy(b, x.mem)
	} else if err := readFull(x.r, b, 0); err != nil {
		return err
	}
	h, err := parseHeader(b, size)
	if err != nil {
		return err
	}
	x.header, x.m = *h, homes(int64(h.entries))
	return nil
}

// Close releases the file. No other method may be running, or be called later.
func (x *Index) Close() error {
	if x.closed {
		return os.ErrClosed
	}
	x.closed, x.mem, x.sec, x.r = true, nil, [numSections][]byte{}, nil
	if x.closer == nil {
		return nil
	}
	return x.closer()
}

// Digest is the digest of the sidecar, which T of the archive that it belongs to holds too. It speaks for all of the
// sidecar's bytes, but opening has checked only the header's: see [Index.Verify].
func (x *Index) Digest() uint64 { return x.digest }

// ArchiveSize is the size in bytes of the archive that the sidecar was made for.
func (x *Index) ArchiveSize() int64 { return x.archiveSize }

// Size is that of the sidecar, in bytes.
func (x *Index) Size() int64 { return x.header.size() }

// Len is N, the number of entries. Their ordinals are 0 to N − 1; those of what is in the root, with all below it, too.
func (x *Index) Len() int { return int(x.entries) }

// Stats counts entries and bytes, as the header has them.
func (x *Index) Stats() Stats { return x.stats }
