package tarpack

import (
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// A group gathers neighbouring entries without content until they are written as one member G.
type group struct {
	enc    *gzmember.Encoder
	blocks []byte
	items  []sidecar.Item
}

// add takes one more entry. It returns false when the group must be flushed first.
func (g *group) add(h *Header, duplicate bool) (bool, error) {
	blocks, err := AppendHeader(g.blocks, h)
	if err != nil {
		return false, err
	}
	if len(blocks) > MaxHeader && len(g.items) > 0 {
		g.blocks = blocks[:len(g.blocks)]
		return false, nil
	}
	g.blocks = blocks
	it := sidecar.Item{Path: h.Path, Link: h.Link}
	it.Type, it.Mode, it.ModTime, it.Duplicate = h.Type, h.Mode, h.ModTime, duplicate
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	g.items = append(g.items, it)
	return true, nil
}

// member returns G.
func (g *group) member(dst []byte) []byte {
	return g.enc.AppendMember(dst, g.blocks, duplicateBits(g.items))
}

func (g *group) reset() {
	g.blocks, g.items = g.blocks[:0], g.items[:0]
}

// duplicateBits makes the payload of G's TP subfield, nil where there is nothing to say.
func duplicateBits(items []sidecar.Item) []byte {
	payload := make([]byte, 1+(len(items)+7)/8)
	payload[0] = kindGroup
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
