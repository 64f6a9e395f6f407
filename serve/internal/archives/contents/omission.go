package contents

import (
	"slices"
	"strings"
	"sync"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/sidecar"
)

// omissions are the Omissions of a Tree, by mount; nil for one of nothing.
type omissions struct {
	mu      sync.Mutex
	byMount map[string]*Omission
}

// Omission is what listings and downloads of a Tree leave out if it is mounted at mount. A nil one
// leaves out nothing.
type Omission struct {
	mount string
	omits func(path string) bool

	ordinals []uint32        // of the entries that are left out, in order
	links    map[string]bool // paths of symbolic links that lead to something hidden
	totals   knownTotals
}

// Omit returns what is left out of the Tree if it is mounted at mount, or nil if nothing of it is
// hidden. hidden, which may be nil, is the same in all calls. The first call looks at all paths,
// which takes 10 ms for 100,000 entries.
func (t *Tree) Omit(hidden func(string) bool, mount string) (*Omission, error) {
	if hidden == nil {
		return nil, nil
	}
	t.omissions.mu.Lock()
	known, ok := t.omissions.byMount[mount]
	t.omissions.mu.Unlock()
	if ok {
		return known, nil
	}
	o := &Omission{mount: strings.Clone(mount), links: map[string]bool{}}
	o.omits = func(path string) bool { return o.links[path] || t.Hides(hidden, o.mount, path) }
	links := t.Index.Stats().Symlinks > 0
	for row, err := range t.Index.Paths(0, t.Index.Len()) {
		if err != nil {
			return nil, t.Wrap(err)
		}
		path := string(row.Path)
		out := o.omits(path)
		if links && !out {
			e, err := t.Index.Entry(row.Ordinal)
			if err != nil {
				return nil, t.Wrap(err)
			}
			out = e.Type == sidecar.TypeSymlink && t.LeadsToHidden(o.mount, path, hidden)
			if out {
				o.links[path] = true
			}
		}
		if out {
			o.ordinals = append(o.ordinals, uint32(row.Ordinal))
		}
	}
	if len(o.ordinals) == 0 {
		o = nil
	}
	t.omissions.mu.Lock()
	defer t.omissions.mu.Unlock()
	if t.omissions.byMount == nil {
		t.omissions.byMount = map[string]*Omission{}
	}
	t.omissions.byMount[strings.Clone(mount)] = o
	return o, nil
}

// Omits returns the function for export.FolderWithout. o may be nil.
func (o *Omission) Omits() func(path string) bool {
	if o == nil {
		return nil
	}
	return o.omits
}

// Skips returns LeavesOut, or nil if nothing is left out.
func (o *Omission) Skips() func(int) bool {
	if o == nil {
		return nil
	}
	return o.LeavesOut
}

// Visible returns how many of the entries from first to end are not left out. o may be nil.
func (o *Omission) Visible(first, end int) int {
	if o == nil {
		return end - first
	}
	from, _ := slices.BinarySearch(o.ordinals, uint32(first))
	to, _ := slices.BinarySearch(o.ordinals, uint32(end))
	return end - first - (to - from)
}

// LeavesOut reports whether entry i is left out. o may be nil.
func (o *Omission) LeavesOut(i int) bool { return o.Visible(i, i+1) == 0 }

// Hides reports whether the entry at a path of an archive that is mounted at mount is hidden.
func (t *Tree) Hides(hidden func(string) bool, mount, path string) bool {
	return paths.Hides(hidden, paths.Join(mount, path), func() bool {
		_, dir, err := t.Directory(path)
		return dir || err != nil
	})
}
