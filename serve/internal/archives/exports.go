package archives

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/archives/recent"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/export"
)

// firstExport is the Entry of the first export that a View has found. That of the next is one less.
const firstExport = -3

// keptExports is how many layouts an archive remembers. A download that is resumed, or fetched in
// ranges, needs its layout each time. To make one takes 10 ms for 100,000 entries, and to keep it
// some kilobytes.
const keptExports = 16

// layoutKey is what a layout depends on.
type layoutKey struct {
	what   string // see exportKey
	format export.Format
	proof  *guard.Proof // of the archive: the layout has bytes of its headers
}

// newExports returns what remembers the layouts of an archive that were used last.
func newExports() *recent.Cache[layoutKey, *export.File] {
	return &recent.Cache[layoutKey, *export.File]{Most: keptExports}
}

// omissions are what the downloads of an archive leave out, by mount; nil for one of nothing.
type omissions struct {
	mu      sync.Mutex
	byMount map[string]*omission
}

// omission is what an archive's downloads leave out if it is mounted at mount. omit is nil if that
// is nothing.
type omission struct {
	mount string
	omit  func(path string) bool

	ordinals []uint32        // of the entries that are left out, in order
	links    map[string]bool // paths of symbolic links that lead to something hidden
	totals   knownTotals
}

// omit returns what downloads of an archive that is mounted at mount leave out: the function for
// export.FolderWithout, or nil if nothing of the archive is hidden. The first call looks at all
// paths, which takes 10 ms for 100,000 entries.
func (v *View) omit(a *archive, mount string) (*omission, error) {
	hidden := v.library.hidden
	if hidden == nil {
		return nil, nil
	}
	a.omissions.mu.Lock()
	known, ok := a.omissions.byMount[mount]
	a.omissions.mu.Unlock()
	if ok {
		return known, nil
	}
	o := &omission{mount: strings.Clone(mount), links: map[string]bool{}}
	o.omit = func(path string) bool { return o.links[path] || a.hides(hidden, o.mount, path) }
	links := a.index.Stats().Symlinks > 0
	for row, err := range a.index.Paths(0, a.index.Len()) {
		if err != nil {
			return nil, a.wrap(err)
		}
		path := string(row.Path)
		out := o.omit(path)
		if links && !out {
			e, err := a.index.Entry(row.Ordinal)
			if err != nil {
				return nil, a.wrap(err)
			}
			out = e.Type == sidecar.TypeSymlink && a.leadsToHidden(o.mount, path, hidden)
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
	a.omissions.mu.Lock()
	defer a.omissions.mu.Unlock()
	if a.omissions.byMount == nil {
		a.omissions.byMount = map[string]*omission{}
	}
	a.omissions.byMount[strings.Clone(mount)] = o
	return o, nil
}

// visible returns how many of the entries from first to end are not left out. o may be nil.
func (o *omission) visible(first, end int) int {
	if o == nil {
		return end - first
	}
	from, _ := slices.BinarySearch(o.ordinals, uint32(first))
	to, _ := slices.BinarySearch(o.ordinals, uint32(end))
	return end - first - (to - from)
}

// leavesOut reports whether entry i is left out. o may be nil.
func (o *omission) leavesOut(i int) bool { return o.visible(i, i+1) == 0 }

// hides reports whether the entry at a path of an archive that is mounted at mount is hidden.
func (a *archive) hides(hidden func(string) bool, mount, path string) bool {
	return paths.Hides(hidden, paths.Join(mount, path), func() bool {
		_, dir, err := a.directory(path)
		return dir || err != nil
	})
}

// export lays out the folder path of the archive i as a download, without what is hidden, or the
// entries of it that are chosen. ranges is nil without a choice.
func (v *View) export(
	i int, path, format string, o *omission, ranges []export.Range,
) (plan.Node, error) {
	f, ok := export.ParseFormat(format)
	if !ok {
		return plan.Node{}, nil
	}
	a := v.set.sources[i]
	rest, key := strings.Clone(path), exportKey(path, o, ranges)
	var omit func(string) bool
	if o != nil {
		omit = o.omit
	}
	layOut := func(context.Context) (*export.File, error) {
		if ranges != nil {
			return export.Select(a.tar, rest, ranges, f, omit)
		}
		return export.FolderWithout(a.tar, rest, f, omit)
	}
	file, err := a.exports.Get(layoutKey{key, f, v.noted(i).proof}, v.Context, layOut)
	if err != nil {
		return plan.Node{}, err
	}
	name := exportName(a, rest)
	if ranges != nil {
		name, err = a.choiceName(name, ranges)
		if err != nil {
			return plan.Node{}, err
		}
	}
	n := plan.Node{
		Kind: plan.Download, Source: i, Entry: firstExport - len(v.exports),
		Name: name + "." + format, Size: file.Size(), ModTime: a.modTime, Hash: file.Tag(),
	}
	v.exports = append(v.exports, file)
	return n, nil
}

// exportKey returns what a layout depends on besides its archive and format.
func exportKey(path string, o *omission, ranges []export.Range) string {
	var b []byte
	if o != nil {
		b = append(append(b, o.mount...), 0)
	}
	b = append(b, path...)
	for _, r := range ranges {
		b = binary.AppendUvarint(append(b, 0), uint64(r.From))
		b = binary.AppendUvarint(b, uint64(r.To))
	}
	return string(b)
}

// exportName returns the name to save a folder under, without suffix: its own, or the archive's for
// the root.
func exportName(a *archive, path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == "" {
		name = a.title()
	}
	return strings.ToValidUTF8(name, "_")
}

// Export returns the export that a node of kind Download stands for, or nil if it stands for a
// file.
func (v *View) Export(n *plan.Node) *export.File {
	if n.Kind != plan.Download || n.Entry > firstExport {
		return nil
	}
	return v.exports[firstExport-n.Entry]
}

// Mapped returns the archive that an export is made of, in mapped memory, or nil if that is not
// possible. It must only be given to the kernel to copy, since its file may be cut short at any
// time.
func (v *View) Mapped(n *plan.Node) []byte {
	if n.Source == plainSource {
		return nil
	}
	return v.set.sources[n.Source].mapped
}

// directory returns the first archive that has the folder path, and the path in it, or −1. For a
// mount's own path that is the first archive of the mount.
func (v *View) directory(path string) (source int, rest string, err error) {
	s := v.set
	for m := range s.mounts {
		rest, ok := paths.Below(s.mounts[m].path, path)
		if !ok {
			continue
		}
		for _, i := range s.mounts[m].sources {
			a, err := v.touch(i)
			if err != nil {
				return -1, "", err
			}
			k, dir, err := a.directory(rest)
			if err != nil {
				return -1, "", err
			}
			if dir {
				return i, rest, nil
			}
			if k >= 0 {
				return -1, "", nil // a file hides the folders of later archives
			}
		}
		if s.mounts[m].pending {
			return -1, "", ErrPending
		}
	}
	return -1, "", nil
}
