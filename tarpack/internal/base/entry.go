package base

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// An Entry refers to one entry of an Archive. The zero value refers to none.
type Entry struct {
	From *Archive
	I    uint32 // ordinal of the entry
	File uint32 // ordinal of the file that has the content: a hard link's target, else I itself
}

// Ref returns the reference to entry i, whose record is e.
func (a *Archive) Ref(i int, e *sidecar.Entry) Entry {
	r := Entry{From: a, I: uint32(i), File: uint32(i)}
	if e.Type == sidecar.TypeHardlink {
		r.File = e.Target
	}
	return r
}

// Record returns the record of the entry.
func (r Entry) Record() (sidecar.Entry, error) { return r.From.Index.Entry(int(r.I)) }

// ContentRecord returns the record of the file that has the content.
func (r Entry) ContentRecord() (sidecar.Entry, error) { return r.From.Index.Entry(int(r.File)) }

// ContentSize returns the size of the content in bytes, or -1 if r is zero or has no content.
func (r Entry) ContentSize() int64 {
	if r.From != nil {
		if e, err := r.ContentRecord(); err == nil && e.Type == sidecar.TypeFile {
			return e.Size
		}
	}
	return -1
}

// SameContent reports whether r and q have their content in the same member.
func (r Entry) SameContent(q Entry) bool { return r.From == q.From && r.File == q.File }

// Inode returns what all names of the entry's file share. It is zero for a file with one name;
// duplicates do not count as names.
func (r Entry) Inode() durable.Inode {
	if !r.From.genuine[r.File] {
		return durable.Inode{}
	}
	if r.I != r.File {
		if e, err := r.Record(); err != nil || e.Duplicate {
			return durable.Inode{}
		}
	}
	// No device has such a number.
	return durable.Inode{Dev: ^uint64(r.From.Number), Ino: uint64(r.File) + 1}
}

// Header reads the tar header of the entry. The error names the archive, the path and the offset.
func (r Entry) Header() (format.Header, error) {
	e, err := r.Record()
	if err != nil {
		return format.Header{}, err
	}
	path, err := r.From.Index.Path(int(r.I))
	if err != nil {
		return format.Header{}, err
	}
	group, err := r.From.groups.Read(r.From.Bytes(), &e)
	if err != nil {
		return format.Header{}, r.problem(path, e.Offset, err)
	}
	h, ok := group.Headers[path]
	if !ok || h.Type != e.Type {
		err := fmt.Errorf("%w: its header is not where the index says", format.ErrCorrupt)
		return format.Header{}, r.problem(path, e.Offset, err)
	}
	return h, nil
}

func (r Entry) problem(path string, off int64, err error) error {
	return fmt.Errorf("%s: %w", r.From.Name, &format.Problem{Path: path, Offset: off, Err: err})
}

// Group returns the group that holds the entry. It is zero if r is, for a file, and if the group
// cannot be read.
func (r Entry) Group() Group {
	if r.From == nil {
		return Group{}
	}
	e, err := r.Record()
	if err != nil || e.Type == sidecar.TypeFile {
		return Group{}
	}
	g, err := r.From.groups.Read(r.From.Bytes(), &e)
	if err != nil {
		return Group{}
	}
	return g
}
