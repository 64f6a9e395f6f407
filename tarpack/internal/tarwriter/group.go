package tarwriter

import (
	"bytes"
	"os"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
)

// A group gathers neighbouring entries without content until they are written as one member G.
type group struct {
	enc    *gzmember.Encoder
	blocks []byte
	buf    []byte // reused for each member
	items  []build.Item
	old    base.Entry // the entry at the path of the first item in the archive that is changed
}

// add takes one more entry. It returns false if the group must be written first.
func (g *group) add(l *Link) (bool, error) {
	h := &l.Header
	blocks, err := format.AppendHeader(g.blocks, h)
	if err != nil {
		return false, err
	}
	if len(blocks) > format.MaxHeader && len(g.items) > 0 {
		g.blocks = blocks[:len(g.blocks)]
		return false, nil
	}
	if g.blocks = blocks; len(g.items) == 0 {
		g.old = l.Old
	}
	it := build.Item{Path: h.Path, Link: h.Link}
	it.Type, it.Mode, it.ModTime, it.Duplicate = h.Type, h.Mode, h.ModTime, l.Duplicate
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	g.items = append(g.items, it)
	return true, nil
}

// stored returns the group of the archive that is changed, if it holds the same entries.
func (g *group) stored() (old base.Group, ok bool) {
	old = g.old.Group()
	if len(old.Blocks) == 0 || !bytes.Equal(old.Blocks, g.blocks) {
		return old, false
	}
	return old, bytes.Equal(old.Bits, format.DuplicateBits(len(g.items), g.duplicate))
}

// member returns G, valid until the next call.
func (g *group) member() []byte {
	g.buf = g.enc.AppendMember(g.buf[:0], g.blocks, format.DuplicateBits(len(g.items), g.duplicate))
	return g.buf
}

func (g *group) duplicate(i int) bool { return g.items[i].Duplicate }

func (g *group) reset() {
	g.blocks, g.items = g.blocks[:0], g.items[:0]
}

// AddToGroup adds an entry without content to the current group.
func (w *Writer) AddToGroup(l Link) error {
	if err := w.Repeat(l); err != nil {
		return err
	}
	w.step(l.Content)
	return nil
}

// Repeat adds an entry that was counted before, in another shard, to the current group.
func (w *Writer) Repeat(l Link) error {
	ok, err := w.group.add(&l)
	if err == nil && !ok {
		if err = w.FlushGroup(); err == nil {
			_, err = w.group.add(&l)
		}
	}
	return err
}

// FlushGroup writes the current group, if it is not empty.
func (w *Writer) FlushGroup() error {
	if len(w.group.items) == 0 {
		return nil
	}
	off := w.Off
	var err error
	if old, ok := w.group.stored(); ok {
		var f *os.File
		var at int64
		if f, at, err = w.group.old.From.Place(old.Offset); err == nil {
			err = w.Copy(f, at, int64(old.Length))
		}
	} else {
		err = w.Put(w.group.member())
	}
	if err != nil {
		return err
	}
	for i := range w.group.items {
		it := &w.group.items[i]
		it.Offset, it.HeaderLen = off, int32(w.Off-off)
		if err := w.Index.Add(*it); err != nil {
			return err
		}
	}
	w.group.reset()
	return nil
}
