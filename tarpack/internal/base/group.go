package base

import (
	"fmt"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A GroupCache holds the groups that were read last, because neighbouring entries share one. The
// zero value is usable, by several goroutines at once.
type GroupCache struct {
	mu     sync.Mutex
	groups [8]Group
	next   int
}

// A Group is a member G that was read, or the member H of a file (FORMAT.md 1).
type Group struct {
	Offset  int64                    // of the member in the archive
	Length  int                      // of the member in bytes
	Blocks  []byte                   // header blocks that the member holds
	Bits    []byte                   // extra field of the member, see format.DuplicateBits
	Headers map[string]format.Header // by path
}

// Read returns the member G or H of the entry e of an archive.
func (c *GroupCache) Read(archive *os.File, e *sidecar.Entry) (Group, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Type != sidecar.TypeFile {
		for i := range c.groups {
			if g := &c.groups[i]; g.Headers != nil && g.Offset == e.Offset {
				return *g, nil
			}
		}
	}
	g, err := readGroup(archive, e)
	if err == nil && e.Type != sidecar.TypeFile {
		c.groups[c.next] = g
		c.next = (c.next + 1) % len(c.groups)
	}
	return g, err
}

func readGroup(archive *os.File, e *sidecar.Entry) (Group, error) {
	g := Group{Offset: e.Offset, Length: int(e.HeaderLen), Headers: map[string]format.Header{}}
	member := make([]byte, g.Length)
	if _, err := archive.ReadAt(member, e.Offset); err != nil {
		return Group{}, err
	}
	head, err := gzmember.ParseHeader(member)
	if err == nil {
		g.Bits = head.Extra
		g.Blocks, _, err = gzmember.Inflate(nil, member, format.MaxHeader)
	}
	if err != nil {
		return Group{}, fmt.Errorf("%w: %w", format.ErrCorrupt, err)
	}
	for rest := g.Blocks; len(rest) > 0; {
		h, n, err := format.ParseHeader(rest)
		if err != nil {
			return Group{}, err
		}
		g.Headers[h.Path] = h
		rest = rest[n:]
	}
	return g, nil
}
