//go:build linux || darwin

package mount

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// rootID is the number of the directory that is mounted (FUSE_ROOT_ID).
const rootID = 1

// Numbers of files: see the package comment.
const (
	generationShift = 48
	firstID         = 2
	idMask          = 1<<generationShift - 1
	maxGeneration   = 1<<15 - 1 // programs may take inode numbers for signed
)

// A tree is one generation of what is mounted: archives, one above the other.
type tree struct {
	generation uint64
	layers     []*layer // the one that wins first
	refs       int64    // guarded by generations.mu
}

// layer is an archive of a tree, or a directory of it.
type layer struct {
	archive *tarpack.Archive
	index   *sidecar.Index
	offset  uint64 // entries of the layers above it
	root    string // the path of the directory; "" is all of the archive
	links   *linkCounts
	modTime func() int64 // of the root, if that is all of the archive
	close   func() error
	check   func() error // wraps source.ErrChanged once another archive has replaced this one
}

// A place is an entry of a layer. The directory that is mounted has the ordinal of layer.root, or
// sidecar.Root.
type place struct {
	layer *layer
	i     int
}

// newTree returns the tree of layers, which it takes over, even after an error. The last one wins.
func newTree(generation uint64, layers []Layer) (*tree, error) {
	t := &tree{generation: generation}
	total := uint64(0)
	for k := len(layers) - 1; k >= 0; k-- {
		a := layers[k].Archive
		l := &layer{archive: a, index: a.Index(), offset: total, root: layers[k].Dir,
			close: layers[k].Close, check: layers[k].Check, links: newLinkCounts(a)}
		if l.check == nil {
			l.check = a.Source().Check
		}
		l.modTime = sync.OnceValue(l.findModTime)
		t.layers = append(t.layers, l)
		total += uint64(a.Index().Len())
	}
	var err error
	if total > idMask-firstID {
		err = fmt.Errorf("%d entries are too many to mount", total)
	}
	for _, l := range t.layers {
		if err == nil {
			_, err = l.rootPlace()
		}
	}
	if err != nil {
		t.closeLayers()
		return nil, err
	}
	return t, nil
}

func (t *tree) closeLayers() {
	for _, l := range t.layers {
		l.links.close()
		_ = l.close() // it was only read
	}
}

// rootPlace returns the directory of the layer that is mounted.
func (l *layer) rootPlace() (place, error) {
	if l.root == "" {
		return place{l, sidecar.Root}, nil
	}
	i, ok, err := l.index.Lookup(l.root)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", l.root, format.ErrNoEntry)
	}
	if err == nil {
		var e sidecar.Entry
		if e, err = l.index.Entry(i); err == nil && e.Type != sidecar.TypeDir {
			err = fmt.Errorf("%s: %w: it is a %v", l.root, ErrNotDirectory, e.Type)
		}
	}
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", l.archive.Name(), err)
	}
	return place{l, i}, nil
}

// id returns the number of a place.
func (t *tree) id(p place) uint64 {
	return t.generation<<generationShift | (p.layer.offset + uint64(p.i) + firstID)
}

// place returns the place with a number, whatever its generation.
func (t *tree) place(id uint64) (p place, ok bool) {
	n := id & idMask
	if n < firstID {
		return place{}, false
	}
	n -= firstID
	for _, l := range t.layers {
		if n >= l.offset && n-l.offset < uint64(l.index.Len()) {
			return place{l, int(n - l.offset)}, true
		}
	}
	return place{}, false
}

// path returns the path of a place, from the directory that is mounted.
func (p place) path() (string, error) {
	path, err := p.layer.index.Path(p.i)
	if err != nil || p.layer.root == "" {
		return path, err
	}
	rest, ok := strings.CutPrefix(path, p.layer.root+"/")
	if !ok {
		return "", fmt.Errorf("%s: %w: it is not below %s", path, fs.ErrNotExist, p.layer.root)
	}
	return rest, nil
}

// find returns the entry of a layer at exactly this path from the directory that is mounted.
func (l *layer) find(path string) (p place, e sidecar.Entry, ok bool, err error) {
	if l.root != "" {
		path = l.root + "/" + path
	}
	i, ok, err := l.index.Lookup(path)
	if err == nil && ok {
		e, err = l.index.Entry(i)
	}
	return place{l, i}, e, ok, err
}

// file returns the entry that has the attributes and the content of an entry: the target of a hard
// link, unless that stands for a duplicate.
func (p place) file(e *sidecar.Entry) (place, error) {
	if e.Type != sidecar.TypeHardlink || e.Duplicate {
		return p, nil
	}
	p.i = int(e.Target)
	var err error
	*e, err = p.layer.index.Entry(p.i)
	return p, err
}

// child returns the entry of a name in the directory at a path, "" for the root.
func (t *tree) child(dir, name string) (p place, e sidecar.Entry, ok bool, err error) {
	path := name
	if dir != "" {
		path = dir + "/" + name
	}
	if len(t.layers) == 1 {
		return t.layers[0].find(path)
	}
	dirs, err := t.dirs(dir)
	for _, d := range dirs {
		if p, e, ok, err = d.layer.find(path); ok || err != nil {
			return p, e, ok, err
		}
	}
	return place{}, e, false, err
}

// dirs returns the directories that make up the one at a path, "" for the root. There is none if
// the path is no directory. In a layer, a file hides what the layers below it have at its path.
func (t *tree) dirs(path string) ([]place, error) {
	var at []place
	for _, l := range t.layers {
		p, err := l.rootPlace()
		if err != nil {
			return nil, err
		}
		at = append(at, p)
	}
	for end := 0; end < len(path) && len(at) > 0; {
		if k := strings.IndexByte(path[end+1:], '/'); k >= 0 {
			end += 1 + k
		} else {
			end = len(path)
		}
		var next []place
		for _, d := range at {
			p, e, ok, err := d.layer.find(path[:end])
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			if e.Type != sidecar.TypeDir {
				break
			}
			next = append(next, p)
		}
		at = next
	}
	return at, nil
}
