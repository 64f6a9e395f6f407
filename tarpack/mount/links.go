//go:build linux || darwin

package mount

import (
	"encoding/binary"
	"os"
	"slices"
	"sort"
	"sync"

	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// linkCounts has the numbers of names of files. The index does not have them: they are counted once
// they are needed, if the archive has hard links that do not stand for duplicates.
type linkCounts struct {
	index  *sidecar.Index
	unload func()
	links  uint64 // in the archive

	once    sync.Once
	targets []uint32 // of all links, sorted
	file    *os.File // has them, if they are many
	n       int
}

// unloadEvery is a number of records, which take 3 MB.
const unloadEvery = 1 << 16

// maxTargets is the number of links whose targets are kept in memory: 4 MiB.
const maxTargets = 1 << 20

func newLinkCounts(a *tarpack.Archive) *linkCounts {
	c := &linkCounts{index: a.Index(), unload: a.UnloadIndex}
	if st := c.index.Stats(); st.Hardlinks > st.Duplicates {
		c.links = st.Hardlinks - st.Duplicates
	}
	return c
}

// of returns the number of names of file i. If they can't be counted it is 1, or 2 if there may be
// more: programs that look for hard links then look closer.
func (c *linkCounts) of(i int) uint32 {
	if c.links == 0 {
		return 1
	}
	c.once.Do(c.count)
	if c.n == 0 {
		return 2
	}
	from := sort.Search(c.n, func(k int) bool { return c.target(k) >= uint32(i) })
	to := from + sort.Search(c.n-from, func(k int) bool { return c.target(from+k) > uint32(i) })
	return uint32(1 + to - from)
}

// target returns target k, in their order.
func (c *linkCounts) target(k int) uint32 {
	if c.file == nil {
		return c.targets[k]
	}
	var b [4]byte
	if _, err := c.file.ReadAt(b[:], 4*int64(k)); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint32(b[:])
}

// count finds the targets of all links.
func (c *linkCounts) count() {
	if c.links > maxTargets {
		if n, err := c.countInFile(); err == nil {
			c.n = n
		}
		return
	}
	err := c.each(func(target uint32) error {
		c.targets = append(c.targets, target)
		return nil
	})
	if err == nil {
		slices.Sort(c.targets)
		c.n = len(c.targets)
	}
}

// each calls f for each link.
func (c *linkCounts) each(f func(target uint32) error) error {
	left := c.links
	for i := 0; i < c.index.Len() && left > 0; i++ {
		if i%unloadEvery == 0 {
			c.unload() // see memory
		}
		e, err := c.index.Entry(i)
		if err != nil {
			return err
		}
		if e.Type == sidecar.TypeHardlink && !e.Duplicate {
			left--
			if err := f(e.Target); err != nil {
				return err
			}
		}
	}
	return nil
}

// countInFile writes the targets to a temporary file without a name.
func (c *linkCounts) countInFile() (n int, err error) {
	s := sorter.New("", 4*maxTargets)
	defer s.Close()
	err = c.each(func(target uint32) error {
		key, _, err := s.Add(4, 0)
		if err == nil {
			binary.BigEndian.PutUint32(key, target)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	it, err := s.Iterate()
	if err != nil {
		return 0, err
	}
	f, err := os.CreateTemp("", "tpk-links-*.tmp")
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := os.Remove(f.Name()); err != nil {
		return 0, err
	}
	b := make([]byte, 0, 64<<10)
	for {
		key, _, ok, err := it.Next()
		if err != nil {
			return 0, err
		}
		if ok {
			b = binary.LittleEndian.AppendUint32(b, binary.BigEndian.Uint32(key))
			n++
		}
		if len(b) == cap(b) || !ok {
			if _, err := f.Write(b); err != nil {
				return 0, err
			}
			b = b[:0]
		}
		if !ok {
			break
		}
	}
	c.file = f
	return n, nil
}

func (c *linkCounts) close() {
	if c.file != nil {
		c.file.Close()
	}
}
