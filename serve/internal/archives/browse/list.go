package browse

import (
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/describe"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/match"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// Order is what a listing is sorted by.
type Order uint8

// The orders. In a folder, folders always come first. Equal ones are sorted by name, in natural
// order (package natural).
const (
	ByName Order = iota
	BySize
	ByPacked
	ByTime
	ByRank // of a search: the best match first
)

// ListOptions are the part of a folder to list, and the order.
type ListOptions struct {
	Order      Order
	Descending bool
	Offset     int64
	Limit      int
	// Filter, if not "", is what names of the folder must match: see package match.
	Filter string
	// Hidden reports whether a path is not shown. That of a folder ends with a slash. It may be nil.
	Hidden func(path string) bool
	// Media returns the media type of a file. It may be nil.
	Media func(path string, n *plan.Node) string
}

// Item is a row of a listing.
type Item struct {
	Path    string // from the root of the server
	Type    sidecar.Type
	Size    int64 // file: of the content; folder: of all files in it; 0 for others
	Packed  int64 // of its member; 0 for a hard link, −1 for a plain file; folder: of all in it
	ModTime int64
	Below   int            // folder: shown entries in it, at any depth; −1 if not known
	Link    string         // symbolic link: its target
	Media   string         // file: its media type
	Text    bool           // file: the content is known to be text
	Choice  string         // numbers to choose it with; "" if the download does not have it
	Sums    *contents.Sums // file: of the content; nil if not known

	content plan.Node // file: what its media type depends on
}

// Name returns the last component of the path.
func (it *Item) Name() string { return it.Path[strings.LastIndexByte(it.Path, '/')+1:] }

// List is a listing, or a part of one.
type List struct {
	Items          []Item
	Total          int // items of the whole listing
	All            int // the same without the filter
	Folders, Files int // among all of them; all that is no folder is among Files
	Links          int // symbolic links among Files
	Size, Packed   int64
	Tree           contents.Totals // of all that is in the folder; of a search they are not known
	Title          string          // of the only archive at the root, or ""
	Top            string          // the title of the archive whose root the folder is, or ""
	More           bool            // a search has found more items
	Next           int64           // the Offset to go on at, if there are more
	Downloads      bool            // the folder can be downloaded
	Partial        bool            // the folder has more than the download
	Archive        string          // the title of the archive that the download is made of
	Incomplete     bool            // a search has skipped plain files
	Costly         bool            // a search was for too much, and has found nothing
	Base           string          // path of the folder that choices are of
	Of             string          // validator of choices; "" if nothing can be chosen
	Whole          string          // the choice of all that the download has
	Readmes        []string        // names of READMEs, the best first; see View.Readmes
}

// List lists a folder: its entries in all archives, what is mounted below it, and plain files. If
// two have the same name, it has the one that is served.
func (v *View) List(dir string, o ListOptions) (*List, error) {
	c := &collector{v: v, dir: dir, o: o, hidden: v.Hiding(o.Hidden),
		list: &List{Tree: contents.UnknownTotals}}
	if o.Filter != "" {
		c.filter = match.New(o.Filter)
	}
	if err := c.collect(); err != nil {
		return nil, err
	}
	l := c.list
	l.Title = v.Title()
	l.Total = len(c.children)
	if err := l.addChoices(c.choices); err != nil {
		return nil, err
	}
	if err := c.addSizes(); err != nil {
		return nil, err
	}
	c.sort()
	describe.SortReadmes(l.Readmes)
	from := int(min(o.Offset, int64(l.Total)))
	for i := range c.children[from:min(from+o.Limit, l.Total)] {
		it, err := c.item(&c.children[from+i])
		if err != nil {
			return nil, err
		}
		o.addMedia(&it)
		l.Items = append(l.Items, it)
	}
	return l, nil
}

// addMedia adds what depends on the content of a file.
func (o *ListOptions) addMedia(it *Item) {
	if o.Media == nil || it.Type != sidecar.TypeFile && it.Type != sidecar.TypeHardlink {
		return
	}
	it.Media = o.Media(it.Path, &it.content)
	it.Text = it.content.UTF8 || strings.HasPrefix(it.content.Sniff, "text/")
}

// count adds an item to the totals. Only files have a size: that of a symbolic link is the length
// of its target.
func (l *List) count(t sidecar.Type, size, packed int64) {
	if t == sidecar.TypeDir {
		l.Folders++
		return
	}
	l.Files++
	if t == sidecar.TypeSymlink {
		l.Links++
	}
	if t == sidecar.TypeFile || t == sidecar.TypeHardlink {
		l.Size += size
		l.Packed += max(packed, 0)
	}
}

// addTotals sets what the folder of an item has in it. The archive is mounted at mount.
func (v *View) addTotals(it *Item, a *archives.Archive, mount string, ordinal int) error {
	omit, err := a.Omit(v.Hidden(), mount)
	if err != nil {
		return err
	}
	t, err := a.Totals(omit, ordinal)
	it.setTotals(t)
	return err
}

// addMountTotals sets what a folder has in it that is on the path of a mount, if it is the mount of
// one archive.
func (v *View) addMountTotals(it *Item, shared bool) error {
	it.setTotals(contents.UnknownTotals)
	var only *archives.Mount
	for m := range v.Mounted() {
		if _, ok := paths.Below(it.Path, v.Mounted()[m].Path); ok {
			if only != nil {
				return nil
			}
			only = &v.Mounted()[m]
		}
	}
	if shared || only == nil || only.Path != it.Path || len(only.Sources) != 1 ||
		len(only.Dirs) > 0 || only.Pending {
		return nil
	}
	a, err := v.Touch(only.Sources[0])
	if err != nil {
		return err
	}
	return v.addTotals(it, a, only.Path, sidecar.Root)
}

// setTotals sets what the item, a folder, has in it.
func (it *Item) setTotals(t contents.Totals) {
	it.Below, it.Size, it.Packed = t.Entries, t.Size, t.Packed
}

// Title returns the title of the only archive at the root, or "".
func (v *View) Title() string {
	for _, m := range v.Mounted() {
		if m.Path == "" && len(m.Sources) == 1 && !m.Pending {
			return v.Archive(m.Sources[0]).Title()
		}
	}
	return ""
}

// rowOf returns the row of an entry.
func rowOf(a *archives.Archive, i int) (Item, error) {
	p, err := a.Index.Path(i)
	if err != nil {
		return Item{}, a.Wrap(err)
	}
	e, err := a.Index.Entry(i)
	if err != nil {
		return Item{}, a.Wrap(err)
	}
	it := Item{Path: p, Type: e.Type, Size: e.Size, Packed: e.ContentLen, ModTime: e.ModTime}
	switch e.Type {
	case sidecar.TypeSymlink:
		it.Size = 0
		it.Link, err = a.Index.Link(i)
	case sidecar.TypeFile, sidecar.TypeHardlink:
		it.content = plan.Node{Size: e.Size, UTF8: e.Sniff.UTF8(), Sniff: e.Sniff.MediaType()}
		it.Sums, err = a.Sums(i, &e)
	}
	return it, a.Wrap(err)
}
