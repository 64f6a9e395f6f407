package sidecar

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime/debug"
	"sync"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/readahead"
)

// Index is an open sidecar. It is safe for concurrent use, except for Close.
type Index struct {
	header
	mem   []byte // the whole sidecar, or what is mapped of an archive, or nil
	parts []byte // the end of mem, if the sidecar lies in parts; then r reads it, too
	sec   [layout.AllSections][]byte
	homes int64 // home buckets

	r      io.ReaderAt  // nil if the sidecar is in memory in one piece
	isAt   IsAt         // of KeepTable, or nil
	pool   sync.Pool    // of *scratch, for r
	closer func() error // nil where there is nothing to release
	closed bool
}

// Open opens a sidecar file. The file is mapped, and may be removed, replaced or even truncated
// while it is open; a file that cannot be mapped is read as needed. Errors wrap [ErrCorrupt] or
// [ErrVersion], or are those of the file system.
func Open(name string) (*Index, error) {
	f, err := regular.Open(name)
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

// Load is [Open] for a sidecar that other programs may write over while it is open. It reads a file
// of at most limit bytes into memory, so that later changes do not affect the Index. It maps a
// larger one: see [Index.Mapped]. In both cases it checks the hash of each section, which takes
// about 0.1 ms for each MiB. If a hash is wrong, the file was not written to its end, and the error
// wraps [ErrCorrupt].
func Load(name string, limit int64) (*Index, error) {
	x, err := load(name, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := x.CheckHashes(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), x.Close())
	}
	return x, nil
}

// load is Load without the check.
func load(name string, limit int64) (*Index, error) {
	f, err := regular.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() <= limit && info.Mode().IsRegular() {
		defer f.Close()
		b := make([]byte, info.Size())
		if err := layout.ReadFull(f, b, 0); err != nil {
			return nil, err
		}
		return OpenBytes(b)
	}
	x, err := openFile(f)
	if err != nil {
		f.Close()
	}
	return x, err
}

// CheckHashes reads the whole index, and compares each section with its hash and the gaps between
// them with zeros. The error wraps ErrCorrupt. Verify checks more.
func (x *Index) CheckHashes() (err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	v := &verifier{x: x, sc: x.sequential(scanAhead)}
	return v.hashes()
}

// CheckSmall is [Index.CheckHashes] for an index of at most limit bytes, and does nothing with a
// larger one.
func (x *Index) CheckSmall(limit int64) error {
	if x.Size() > limit {
		return nil
	}
	return x.CheckHashes()
}

// Mapped reports whether the Index still reads its file, mapped or by offset. Then a program that
// writes over the file changes what the Index returns.
func (x *Index) Mapped() bool { return x.closer != nil }

// Far reports whether reading the Index reads from an [io.ReaderAt], which may take long.
func (x *Index) Far() bool { return x.r != nil && x.mem == nil }

// ReadAt implements [io.ReaderAt]. It reads the bytes of the sidecar, Size of them.
func (x *Index) ReadAt(p []byte, off int64) (n int, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	switch {
	case x.closed:
		return 0, os.ErrClosed
	case off < 0:
		return 0, layout.Corruptf("byte %d cannot be read", off)
	case off >= x.Size():
		return 0, io.EOF
	}
	b := p[:min(int64(len(p)), x.Size()-off)]
	if x.r != nil {
		n, err = x.r.ReadAt(b, off)
	} else {
		n = copy(b, x.mem[off:])
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// openFile is Open for an open file, which it closes or the Index owns. After an error the caller
// closes it.
func openFile(f *os.File) (*Index, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size < layout.HeaderSize || size > math.MaxInt {
		return nil, layout.Corruptf("file of size %d", size)
	}
	m, err := osfile.Map(f, int(size), 0)
	if err != nil { // a file system without mmap, or no room in the address space
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

// OpenPart opens a sidecar that is size bytes of a file from the offset base on. It maps them, or
// reads from the file as needed if it can't. The file must stay open. Errors wrap [ErrCorrupt] or
// [ErrVersion].
func OpenPart(f *os.File, base, size int64) (*Index, error) {
	if size < layout.HeaderSize || size > math.MaxInt {
		return nil, layout.Corruptf("file of size %d", size)
	}
	m, unmap, err := osfile.MapPart(f, int(size), base)
	if err != nil {
		x, err := OpenReaderAt(io.NewSectionReader(f, base, size), size)
		if err == nil {
			x.closer = func() error { return nil } // so that Mapped is true
		}
		return x, err
	}
	x, err := OpenBytes(m)
	if err != nil {
		return nil, errors.Join(err, unmap())
	}
	x.closer = unmap
	return x, nil
}

// OpenBytes opens a sidecar in memory. The bytes must not change while the Index is in use. Errors
// wrap [ErrCorrupt] or [ErrVersion].
func OpenBytes(b []byte) (x *Index, err error) {
	if len(b) < layout.HeaderSize {
		return nil, layout.Corruptf("file of size %d", len(b))
	}
	x = &Index{mem: b}
	if err := x.open(int64(len(b))); err != nil {
		return nil, err
	}
	for i, s := range x.sections {
		x.sec[i] = b[s.Off:s.End():s.End()]
	}
	return x, nil
}

// OpenReaderAt opens a sidecar of size bytes behind an [io.ReaderAt], such as a remote file. It
// reads the header; later calls read the bytes that they need, some hundred at a time. Errors wrap
// [ErrCorrupt] or [ErrVersion], or are those of r.
func OpenReaderAt(r io.ReaderAt, size int64) (*Index, error) {
	if size < layout.HeaderSize {
		return nil, layout.Corruptf("file of size %d", size)
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
	b := new(layout.Header)
	if x.r == nil {
		copy(b[:], x.mem)
	} else if err := layout.ReadFull(x.r, b[:], 0); err != nil {
		return err
	}
	h, err := parseHeader(b, size)
	if err != nil {
		return err
	}
	x.header, x.homes = *h, layout.Homes(int64(h.entries))
	return nil
}

// Close releases the file. No other method may be running, or be called later. A second call
// returns [os.ErrClosed].
func (x *Index) Close() error {
	if x.closed {
		return os.ErrClosed
	}
	x.closed, x.mem, x.parts, x.r = true, nil, nil, nil
	x.sec = [layout.AllSections][]byte{}
	if x.closer == nil {
		return nil
	}
	return x.closer()
}

// Digest returns the digest of the sidecar, which T of its archive also holds. It depends on all
// bytes of the sidecar, but opening has verified only the header: see [Index.Verify].
func (x *Index) Digest() uint64 { return x.digest }

// ArchiveSize returns the size in bytes of the archive that the sidecar was made for.
func (x *Index) ArchiveSize() int64 { return x.archiveSize }

// Size returns the size of the sidecar in bytes.
func (x *Index) Size() int64 { return x.header.size() }

// Len returns N, the number of entries. Their ordinals are 0 to N − 1.
func (x *Index) Len() int { return int(x.entries) }

// Stats returns the statistics in the header.
func (x *Index) Stats() Stats { return x.stats }

// WillNeed reads the first bytes of a mapped sidecar, at most limit, into memory and, where the
// system can do so, maps their pages. Lookups touch pages all over the file: each that is not in
// memory waits for the disk, each that is not mapped costs a fault. It returns when that is done.
func (x *Index) WillNeed(limit int64) {
	readahead.Load(x.mem[:min(int64(len(x.mem)), limit)])
}

// Unload takes a mapped sidecar out of the memory of the process, where the system can do so. The
// system still has its pages, as far as there is room, and maps those again that are used. Calls of
// other methods may run meanwhile.
func (x *Index) Unload() {
	if x.closer != nil && len(x.mem) > 0 {
		readahead.Unload(x.mem)
	}
}
