package rewrite

import (
	"maps"
	"slices"

	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// A spread has the shards that the names of each file are in. In each of them it is a file of its
// own. The string is the first of the names in a shard, or "" if one of them was there before.
type spread map[durable.Inode]map[int]string

// noteName notes a name of a file that has several, ino, in the first walk of an edit of a set.
func (m *Merger) noteName(ino durable.Inode, c *choice) {
	if m.Shards == nil || m.Shards.Own != nil || ino == (durable.Inode{}) {
		return
	}
	ino.Shard = 0
	if m.spread == nil {
		m.spread = spread{}
	}
	if m.spread[ino] == nil {
		m.spread[ino] = map[int]string{}
	}
	in := m.spread[ino]
	if c.base(m.Base) != nil {
		in[c.shard] = ""
	} else if _, ok := in[c.shard]; !ok {
		in[c.shard] = c.path
	}
}

// count counts in c the names that are new and become files of their own: in each shard the first,
// except in the first of all shards.
func (s spread) count(c *unkept.Counter) {
	for _, in := range s {
		paths := slices.Sorted(maps.Values(in))
		for _, path := range paths[1:] {
			if path != "" {
				c.Name(path)
			}
		}
	}
}
