package sidecar

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Sizes in bytes of the members of an embedded index (FORMAT.md 1.6).
const (
	PartSize    = layout.PartSize    // of a member
	PartPayload = layout.PartPayload // of the sidecar's bytes in it
	PartHead    = layout.PartHead    // of what precedes them
	HeaderSize  = layout.HeaderSize  // of the sidecar's header, which the last member has at its end
)

// Embedded is the place of an index in its archive: a run of members, each with a part of the
// sidecar.
type Embedded struct {
	Base int64 // offset of the first member in the archive
	Size int64 // of the sidecar, in bytes
}

// Members returns the number of members.
func (e Embedded) Members() int64 { return layout.NumParts(e.Size) }

// Length returns the bytes of all members.
func (e Embedded) Length() int64 { return e.Members() * PartSize }

// End returns the offset after the last member, where T is.
func (e Embedded) End() int64 { return e.Base + e.Length() }

// headerAt returns the offset of the header that readers use, the one in the last member.
func (e Embedded) headerAt() int64 { return e.End() - layout.PartTail - HeaderSize }

// place returns the offset in the archive of byte i of the sidecar, and how many bytes follow it
// without a gap.
func (e Embedded) place(i int64) (at, run int64) {
	if i < HeaderSize {
		return e.headerAt() + i, HeaderSize - i
	}
	part, in := i/PartPayload, i%PartPayload
	return e.Base + part*PartSize + PartHead + in, PartPayload - in
}

// Reader returns a reader of the sidecar from its archive. Its header is the one before T.
func (e Embedded) Reader(archive io.ReaderAt) io.ReaderAt { return &partsReader{e, archive} }

// partsReader reads a sidecar that lies in parts.
type partsReader struct {
	Embedded
	archive io.ReaderAt
}

func (r *partsReader) ReadAt(b []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, layout.Corruptf("byte %d cannot be read", off)
	}
	for n < len(b) {
		i := off + int64(n)
		if i >= r.Size {
			return n, io.EOF
		}
		at, run := r.place(i)
		run = min(run, r.Size-i, int64(len(b)-n))
		if err := layout.ReadFull(r.archive, b[n:n+int(run)], at); err != nil {
			return n, err
		}
		n += int(run)
	}
	return n, nil
}

// mapAlign is a multiple of what the offset of a mapping must be a multiple of: a page, on Windows
// 64 KiB.
const mapAlign = 64 << 10

// OpenEmbedded opens the index in an archive. It maps the index; if it can't, it reads from the
// file as needed. Bytes are used where they lie, and only what lies in two members is copied. The
// file must stay open, and the archive may be truncated meanwhile. Errors wrap [ErrCorrupt] or
// [ErrVersion].
func OpenEmbedded(archive *os.File, e Embedded) (*Index, error) {
	if e.Size < HeaderSize {
		return nil, layout.Corruptf("an index of %d bytes", e.Size)
	}
	from := e.Base / mapAlign * mapAlign
	if e.End()-from <= math.MaxInt {
		m, err := osfile.Map(archive, int(e.End()-from), from)
		if err == nil {
			x, err := openParts(m, int(e.Base-from), e.Size)
			if err != nil {
				return nil, errors.Join(err, m.Unmap())
			}
			x.closer = m.Unmap
			return x, nil
		}
	}
	x, err := OpenReaderAt(e.Reader(archive), e.Size)
	if err == nil {
		x.closer = func() error { return nil } // so that Mapped is true
	}
	return x, err
}

// LoadEmbedded is [Load] for the index in an archive.
func LoadEmbedded(archive *os.File, e Embedded, limit int64) (x *Index, err error) {
	if e.Size <= limit {
		b := make([]byte, e.Size)
		if err := layout.ReadFull(e.Reader(archive), b, 0); err != nil {
			return nil, err
		}
		x, err = OpenBytes(b)
	} else {
		x, err = OpenEmbedded(archive, e)
	}
	if err != nil {
		return nil, err
	}
	if err := x.CheckHashes(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// openParts opens a sidecar of size bytes whose parts are the members in mem from an offset on.
func openParts(mem []byte, from int, size int64) (*Index, error) {
	if size < HeaderSize {
		return nil, layout.Corruptf("an index of %d bytes", size)
	}
	x := &Index{mem: mem, parts: mem[from:]}
	x.r = &partsReader{Embedded{Size: size}, memory(x.parts)}
	x.pool.New = func() any { return new(scratch) }
	if err := x.open(size); err != nil {
		return nil, err
	}
	return x, nil
}

// memory reads from bytes.
type memory []byte

func (m memory) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(b, m[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// part returns n bytes at an offset of the sidecar, which lie behind the header, if they are in one
// part of a mapped sidecar.
func (x *Index) part(off, n int64) ([]byte, bool) {
	if x.parts == nil || off%PartPayload+n > PartPayload {
		return nil, false
	}
	at := off/PartPayload*PartSize + PartHead + off%PartPayload
	return x.parts[at : at+n : at+n], true
}

// SetArchiveSize changes a sidecar's header to that of the same entries in an archive of n bytes.
// It returns the new digest.
func SetArchiveSize(header *[HeaderSize]byte, n int64) (digest uint64) {
	h := (*layout.Header)(header)
	h.SetArchiveSize(n)
	return h.Seal()
}
