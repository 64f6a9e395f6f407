package tarpack

import (
	"bytes"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar/build"
)

// A group gathers neighbouring entries without content until they are written as one member G.
type group struct {
	enc    *gzmember.Encoder
	blocks []byte
	made   []byte // scratch
	items  []build.Item
	old    keptRef // what the first one's path has in the archive at hand
}

// add takes one more entry. It returns false when the group must be flushed first.
func (g *group) add(l *link) (bool, error) {
	h := &l.header
	blocks, err := AppendHeader(g.blocks, h)
	if err != nil {
		return false, err
	}
	if len(blocks) > MaxHeader && len(g.items) > 0 {
		g.blocks = blocks[:len(g.blocks)]
		return false, nil
	}
	if g.blocks = blocks; len(g.items) == 0 {
		g.old = l.old
	}
	it := build.Item{Path: h.Path, Link: h.Link}
	it.Type, it.Mode, it.ModTime, it.Duplicate = h.Type, h.Mode, h.ModTime, l.duplicate
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	g.items = append(g.items, it)
	return true, nil
}

// kept returns the G that the archive at hand has, if it is of the same entries.
func (g *group) kept() (old cachedGroup, ok bool) {
	old = g.old.group()
	return old, len(old.blocks) > 0 && bytes.Equal(old.blocks, g.blocks) && bytes.Equal(old.bits, duplicateBits(g.items))
}

// member makes G, valid until the next one.
func (g *group) member() []byte {
	g.made = g.enc.AppendMember(g.made[:0], g.blocks, duplicateBits(g.items))
	return g.made
}

func (g *group) reset() {
	g.blocks, g.items = g.blocks[:0], g.items[:0]
}

// duplicateBits makes the payload of G's TP subfield, nil where there is nothing to say.
func duplicateBits(items []build.Item) []byte {
	payload := make([]byte, 1+(len(items)+7)/8)
	payload[0] = gzmember.KindGroup
	any := false
	for i := range items {
		if items[i].Duplicate {
			payload[1+i/8] |= 1 << (i % 8)
			any = true
		}
	}
	if !any {
		return nil
	}
	return payload
}

// addToGroup puts an entry without content into the group at hand.
func (p *packer) addToGroup(l link) error {
	ok, err := p.group.add(&l)
	if err == nil && !ok {
		if err = p.flushGroup(); err == nil {
			_, err = p.group.add(&l)
		}
	}
	if err == nil {
		p.step(0)
	}
	return err
}

// flushGroup writes the group at hand.
func (p *packer) flushGroup() error {
	if len(p.group.items) == 0 {
		return nil
	}
	off := p.out.off
	var err error
	if old, ok := p.group.kept(); ok {
		err = p.out.copy(p.group.old.from.file, old.offset, int64(old.length))
	} else {
		err = p.out.write(p.group.member())
	}
	if err != nil {
		return err
	}
	for i := range p.group.items {
		it := &p.group.items[i]
		it.Offset, it.HeaderLen = off, int32(p.out.off-off)
		if err := p.index(*it); err != nil {
			return err
		}
	}
	p.group.reset()
	return nil
}
