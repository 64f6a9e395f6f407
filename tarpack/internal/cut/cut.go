// Package cut divides entries, in the order of an archive, between the shards of a set.
package cut

import "github.com/tarpack/tpk/sidecar"

// What an entry costs beside its content: bytes of content that take as much work.
const (
	fileCost  = 512
	otherCost = fileCost / 4
)

// Cost returns the share of an entry in the size of a shard, in bytes. Size is that of the content
// of a file.
func Cost(typ sidecar.Type, size int64) int64 {
	if typ == sidecar.TypeFile {
		return size + fileCost
	}
	return otherCost
}

// A Cutter assigns entries to shards of about equal cost. No shard is empty.
type Cutter struct {
	shards  int
	shard   int   // the current one
	held    int64 // entries in it
	used    int64 // their cost
	limit   int64 // cost of the current shard, about
	entries int64 // that are left
	cost    int64 // of these
}

// New returns a Cutter for a number of entries that cost so much together. There are at most as
// many shards as entries, but at least one.
func New(shards int, entries, cost int64) *Cutter {
	c := &Cutter{shards: int(max(1, min(int64(shards), entries))), entries: entries, cost: cost}
	c.setLimit()
	return c
}

// Shards returns how many shards there are.
func (c *Cutter) Shards() int { return c.shards }

// Next returns the number of the shard for the next entry: that of the entry before, or the
// following one. There may be more entries than New was called with, or fewer.
func (c *Cutter) Next(cost int64) int {
	following := int64(c.shards - c.shard - 1)
	if c.held > 0 && following > 0 && (c.used >= c.limit || c.entries <= following) {
		c.shard++
		c.held, c.used = 0, 0
		c.setLimit()
	}
	c.held++
	c.used += cost
	c.entries--
	c.cost -= cost
	return c.shard
}

// setLimit divides what is left between the current shard and the following ones. So one large
// entry, which makes its shard too large, does not leave the following ones empty.
func (c *Cutter) setLimit() {
	n := int64(c.shards - c.shard)
	c.limit = max(1, (c.cost+n-1)/n)
}
