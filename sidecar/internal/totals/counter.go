package totals

import (
	"sort"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// None stands for the name before the first name of a content.
const None = 1<<32 - 1

// Counter adds up what is below each directory. It is told of all entries, in path order. The zero
// value is ready for the first.
type Counter struct {
	dirs []dir         // around the current entry, outermost first
	root layout.Totals // of what is in no directory
}

// dir is a directory around the current entry, with the totals of what came before that.
type dir struct {
	ordinal, end uint32
	layout.Totals
}

// Ended returns the innermost directory around the entry before, with its totals, if it ends before
// the entry with the given ordinal, and moves on to the directory around it. So it is called until
// ok is false, before the entry is counted; and with the number of entries at the end.
func (c *Counter) Ended(ordinal uint32) (dir uint32, t layout.Totals, ok bool) {
	n := len(c.dirs) - 1
	if n < 0 || c.dirs[n].end > ordinal {
		return 0, layout.Totals{}, false
	}
	d := c.dirs[n]
	c.dirs = c.dirs[:n]
	around := c.around(n)
	around.Bytes += d.Bytes
	around.Members += d.Members
	around.NonDirs += d.NonDirs
	return d.ordinal, d.Totals, true
}

// Dir counts a directory, whose last entry comes before the ordinal end.
func (c *Counter) Dir(ordinal, end uint32) {
	c.dirs = append(c.dirs, dir{ordinal: ordinal, end: end})
}

// Other counts an entry that has no content and is no directory.
func (c *Counter) Other() { c.around(len(c.dirs)).NonDirs++ }

// Content counts a file, or a hard link to one, of size bytes, whose C has member bytes. Before is
// the ordinal of the last entry before this one that has the same content, or None.
func (c *Counter) Content(size, member uint64, before uint32) {
	in := c.around(len(c.dirs))
	in.NonDirs++
	in.Bytes += size
	in.Members += member
	if before == None {
		return
	}
	// Those that begin before the other name have not ended since: they are around both.
	n := sort.Search(len(c.dirs), func(i int) bool { return c.dirs[i].ordinal > before })
	c.around(n).Members -= member
}

// around returns the totals of the innermost of the outermost n directories, or those of the root.
func (c *Counter) around(n int) *layout.Totals {
	if n == 0 {
		return &c.root
	}
	return &c.dirs[n-1].Totals
}
