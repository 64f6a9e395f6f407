package packer

import (
	"bytes"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// A group gathers neighbouring entries without content until they are written as one member G.
type group struct {
	enc    *gzmember.Encoder
	blocks []byte
	made   []byte // scratch
	items  []build.Item
	old    BaseEntry // what the first one's path has in the archive at hand
}

// add takes one more entry. It returns false when the group must be flushed first.
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
		g.old = l.old
	}
	it := build.Item{Path: h.Path, Link: h.Link}
	it.Type, it.Mode, it.ModTime, it.Duplicate = h.Type, h.Mode, h.ModTime, l.Duplicate
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	g.items = append(g.items, it)
	return true, nil
}

// kept returns the G that the archive at hand has, if it is of the same entries.
func (g *group) kept() (old cachedGroup, ok bool) {
	old = g.old.group()
	return old, len(old.blocks) > 0 && bytes.Equal(old.blocks, g.blocks) && bytes.Equal(old.bits, format.DuplicateBits(len(g.items), g.duplicate))
}

// member makes G, valid until the next one.
func (g *group) member() []byte {
	g.made = g.enc.AppendMember(g.made[:0], g.blocks, format.DuplicateBits(len(g.items), g.duplicate))
	return g.made
}

func (g *group) duplicate(i int) bool { return g.items[i].Duplicate }

func (g *group) reset() {
	g.blocks, g.items = g.blocks[:0], g.items[:0]
}

// addToGroup puts an entry without content into the group at hand.
func (p *Packer) AddToGroup(l Link) error {
	ok, err := p.group.add(&l)
	if err == nil && !ok {
		if err = p.FlushGroup(); err == nil {
			_, err = p.group.add(&l)
		}
	}
	if err == nil {
		p.step(0)
	}
	return err
}

// flushGroup writes the group at hand.
func (p *Packer) FlushGroup() error {
	if len(p.group.items) == 0 {
		return nil
	}
	off := p.Out.Off
	var err error
	if old, ok := p.group.kept(); ok {
		err = p.Out.Copy(p.group.old.From.OSFile, old.offset, int64(old.length))
	} else {
		err = p.Out.Put(p.group.member())
	}
	if err != nil {
		return err
	}
	for i := range p.group.items {
		it := &p.group.items[i]
		it.Offset, it.HeaderLen = off, int32(p.Out.Off-off)
		if err := p.index(*it); err != nil {
			return err
		}
	}
	p.group.reset()
	return nil
}
