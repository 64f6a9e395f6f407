package dedup

import (
	"encoding/binary"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
)

// A Copy is a file whose content the archive holds.
type Copy struct {
	Path     string
	Tree     Tree       // that it was read from; nil if Kept is set
	Kept     base.Entry // that its content was copied from; zero if it was read from its Tree
	ModTime  int64      // of the file, in seconds since 1970
	uid, gid int32
	owned    bool // uid and gid are known

	// Its place among the copies. Zero: it is not among them.
	key uint64
	pos int64
}

// A Tree opens a file by its path in the archive. Implementations are pointers, so that they
// compare.
type Tree interface {
	Open(path string) (io.ReadCloser, error)
}

// Open opens the content again, to compare it.
func (w *Copy) Open() (io.ReadCloser, error) {
	if w.Kept.From != nil {
		return w.Kept.From.OpenContent(int(w.Kept.File))
	}
	return w.Tree.Open(w.Path)
}

// BelongsTo reports whether the file has this owner. The owner of a copy from an archive is read
// from there the first time.
func (w *Copy) BelongsTo(uid, gid int) (bool, error) {
	if !w.owned {
		h, err := w.Kept.Header()
		if err != nil {
			return false, err
		}
		w.SetOwner(&h)
	}
	return w.uid == int32(uid) && w.gid == int32(gid), nil
}

// SetOwner takes the owner from the file's header.
func (w *Copy) SetOwner(h *format.Header) {
	w.uid, w.gid, w.owned = int32(h.UID), int32(h.GID), true
}

// encode returns the record of a copy, valid until the next call.
func (c *copies) encode(w *Copy) []byte {
	b := binary.AppendUvarint(c.record[:0], c.trees.number(w.Tree))
	b = binary.AppendUvarint(b, c.archives.number(w.Kept.From))
	b = binary.AppendUvarint(b, uint64(w.Kept.I))
	b = binary.AppendUvarint(b, uint64(w.Kept.File))
	b = binary.AppendVarint(b, w.ModTime)
	owned := uint64(0)
	if w.owned {
		owned = 1
	}
	b = binary.AppendUvarint(b, owned)
	b = binary.AppendVarint(b, int64(w.uid))
	b = binary.AppendVarint(b, int64(w.gid))
	c.record = append(b, w.Path...)
	return c.record
}

// decode is the inverse of encode.
func (c *copies) decode(b []byte) *Copy {
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[n:]
		return v
	}
	signed := func() int64 {
		v, n := binary.Varint(b)
		b = b[n:]
		return v
	}
	w := &Copy{Tree: c.trees.get(next())}
	w.Kept = base.Entry{From: c.archives.get(next()), I: uint32(next()), File: uint32(next())}
	w.ModTime = signed()
	w.owned, w.uid, w.gid = next() == 1, int32(signed()), int32(signed())
	w.Path = string(b)
	return w
}

// A register numbers pointers from 1 on; nil is 0.
type register[P comparable] struct {
	numbers map[P]uint64
	all     []P
}

func (r *register[P]) number(p P) uint64 {
	var none P
	if p == none {
		return 0
	}
	n, ok := r.numbers[p]
	if !ok {
		if r.numbers == nil {
			r.numbers = map[P]uint64{}
		}
		r.all = append(r.all, p)
		n = uint64(len(r.all))
		r.numbers[p] = n
	}
	return n
}

func (r *register[P]) get(n uint64) (p P) {
	if n > 0 {
		p = r.all[n-1]
	}
	return p
}
