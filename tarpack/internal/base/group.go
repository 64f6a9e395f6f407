package base

import (
	"io"
	"sync"

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
func (c *GroupCache) Read(archive io.ReaderAt, e *sidecar.Entry) (Group, error) {
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

func readGroup(archive io.ReaderAt, e *sidecar.Entry) (Group, error) {
	read, err := format.ReadGroup(archive, e.Offset, int(e.HeaderLen))
	if err != nil {
		return Group{}, err
	}
	g := Group{
		Offset: e.Offset, Length: int(e.HeaderLen), Blocks: read.Blocks, Bits: read.Extra,
		Headers: map[string]format.Header{},
	}
	for h, err := range read.Headers() {
		if err != nil {
			return Group{}, err
		}
		g.Headers[h.Path] = h.Header
	}
	return g, nil
}
