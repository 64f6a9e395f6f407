package changes

import (
	"context"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// Kind is how a path differs between two folders.
type Kind uint8

// The kinds. A file whose content is at another path of the other folder is Moved there, and
// MovedAway here.
const (
	Added Kind = iota
	Removed
	Changed    // its content, type, link or device
	Moved      // it has the content of a file that is not there any more
	Attributes // its mode or time alone
	MovedAway
	kindCount
)

// Changes are how two folders differ. They do not change.
type Changes struct {
	list    []change // in path order
	counts  [kindCount]Count
	folders []Folder
}

// Count is how many paths differ, and how large they are.
type Count struct {
	N        int
	Old, New int64 // bytes of files
}

// Folder is how one of the folders in a folder differs.
type Folder struct {
	Name     string
	Counts   [kindCount]Count
	from, to int // its changes
}

// change is how one path differs. There may be a million of them.
type change struct {
	old, new int32 // ordinals, or −1
	pair     int32 // the other half of a move, or −1
	kind     Kind
	what     uint8 // bits of differenceWords
}

// differenceWords are what can differ, in the words of tarpack.Compare.
var differenceWords = []string{"type", "content", "mode", "mtime", "link", "device"}

// onlyAttributes are the bits of mode and mtime.
const onlyAttributes = 1<<2 | 1<<3

func (ch *change) words() (list []string) {
	for i, word := range differenceWords {
		if ch.what&(1<<i) != 0 {
			list = append(list, word)
		}
	}
	return list
}

// Find compares two folders as tarpack.Compare does.
func Find(ctx context.Context, old, new tarpack.Side) (*Changes, error) {
	var g gatherer
	if err := tarpack.CompareFolders(ctx, old, new, g.add); err != nil {
		return nil, err
	}
	return g.finish(), nil
}

// Len returns how many paths differ. Each takes 16 bytes.
func (c *Changes) Len() int { return len(c.list) }

// gatherer gathers Changes.
type gatherer struct {
	Changes
	sizes   []sizes                 // of the changes
	removed map[content][]candidate // files that may have moved
	added   []addedFile
}

type sizes struct{ old, new int64 }

// content is what tarpack.Compare takes for the identity of a content.
type content struct {
	size int64
	hash uint64
}

type candidate struct {
	change int32
	name   uint64 // hash of the last name
}

type addedFile struct {
	content
	candidate
}

// add is called for each difference.
func (g *gatherer) add(d tarpack.Difference) error {
	ch := change{old: int32(d.OldOrdinal), new: int32(d.NewOrdinal), pair: -1}
	for _, word := range d.What {
		ch.what |= 1 << slices.Index(differenceWords, word)
	}
	k := int32(len(g.list))
	name := func() uint64 { return xxhash.Sum64String(d.Path[strings.LastIndexByte(d.Path, '/')+1:]) }
	switch {
	case d.Kind == format.Removed:
		ch.kind = Removed
		if c, ok := contentOf(d.Old); ok {
			if g.removed == nil {
				g.removed = map[content][]candidate{}
			}
			g.removed[c] = append(g.removed[c], candidate{k, name()})
		}
	case d.Kind == format.Added:
		ch.kind = Added
		if c, ok := contentOf(d.New); ok {
			g.added = append(g.added, addedFile{c, candidate{k, name()}})
		}
	case ch.what&^onlyAttributes == 0:
		ch.kind = Attributes
	default:
		ch.kind = Changed
	}
	g.folder(d.Path, d.Old, d.New)
	g.list = append(g.list, ch)
	g.sizes = append(g.sizes, sizes{fileSize(d.Old), fileSize(d.New)})
	return nil
}

// contentOf returns the content of a file that is not empty.
func contentOf(e *sidecar.Entry) (content, bool) {
	return content{e.Size, e.Hash}, fileSize(e) > 0
}

// fileSize returns the size of a file, 0 for what is none. e may be nil.
func fileSize(e *sidecar.Entry) int64 {
	if !isFile(e) {
		return 0
	}
	return e.Size
}

func isFile(e *sidecar.Entry) bool {
	return e != nil && (e.Type == sidecar.TypeFile || e.Type == sidecar.TypeHardlink)
}

// folder adds the next change to the folder that its path begins with, if it is in one.
func (g *gatherer) folder(path string, old, new *sidecar.Entry) {
	name, _, inside := strings.Cut(path, "/")
	isDir := func(e *sidecar.Entry) bool { return e != nil && e.Type == sidecar.TypeDir }
	if !inside && !isDir(old) && !isDir(new) {
		return
	}
	k := len(g.list)
	if n := len(g.folders); n == 0 || g.folders[n-1].Name != name {
		g.folders = append(g.folders, Folder{Name: strings.Clone(name), from: k})
	}
	g.folders[len(g.folders)-1].to = k + 1
}

// candidates is how many files of one content are looked at for one with the same name.
const candidates = 16

// finish finds what has moved, and counts.
func (g *gatherer) finish() *Changes {
	for _, f := range g.added {
		list := g.removed[f.content]
		if len(list) == 0 {
			continue
		}
		at := max(slices.IndexFunc(list[:min(len(list), candidates)],
			func(c candidate) bool { return c.name == f.name }), 0)
		from := list[at].change
		list[at] = list[0]
		g.removed[f.content] = list[1:]
		to := &g.list[f.change]
		to.kind, to.pair = Moved, from
		g.list[from].kind, g.list[from].pair = MovedAway, f.change
	}
	for k := range g.list {
		g.counts[g.list[k].kind].add(g.sizes[k])
	}
	for i := range g.folders {
		f := &g.folders[i]
		for k := f.from; k < f.to; k++ {
			f.Counts[g.list[k].kind].add(g.sizes[k])
		}
	}
	return &g.Changes
}

func (c *Count) add(s sizes) {
	c.N++
	c.Old += s.old
	c.New += s.new
}

// Count returns how many paths differ in one way.
func (c *Changes) Count(kind Kind) Count { return c.counts[kind] }

// Folders returns the folders in which something differs.
func (c *Changes) Folders() []Folder { return c.folders }
