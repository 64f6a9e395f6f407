package archives

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// Order is what a listing is sorted by.
type Order uint8

// The orders. Folders always come first. Equal ones are sorted by name.
const (
	ByName Order = iota
	BySize
	ByPacked
	ByTime
)

// ListOptions are the part of a folder to list, and the order.
type ListOptions struct {
	Order      Order
	Descending bool
	Offset     int64
	Limit      int
	// Hidden reports whether a path is not shown. That of a folder ends with a slash. It may be nil.
	Hidden func(path string) bool
	// Media returns the media type of a file. It may be nil.
	Media func(path string, n *plan.Node) string
}

// Item is a row of a listing.
type Item struct {
	Path    string // from the root of the server
	Type    sidecar.Type
	Size    int64 // of the content
	Packed  int64 // of its member; 0 for a hard link, −1 for a plain file
	ModTime int64
	Below   int    // folder: entries in it, at any depth; without hidden ones; −1 if not known
	Link    string // symbolic link: its target
	Media   string // file: its media type
	Text    bool   // file: the content is known to be text

	content plan.Node // file: what its media type depends on
}

// Name returns the last component of the path.
func (it *Item) Name() string { return it.Path[strings.LastIndexByte(it.Path, '/')+1:] }

// List is a listing, or a part of one.
type List struct {
	Items          []Item
	Total          int // items of the whole listing
	Folders, Files int // among all of them
	Size, Packed   int64
	More           bool   // a search has found more items
	Next           int64  // the Offset to go on at, if there are more
	Downloads      bool   // the folder can be downloaded
	Partial        bool   // the folder has more than the download
	Archive        string // the title of the archive that the download is made of
	Incomplete     bool   // a search has skipped plain files
}

// child is an entry of a folder, with what sorting needs.
type child struct {
	source  int32 // plainSource, or mountSource
	typ     sidecar.Type
	ordinal uint32
	name    string // of an archive's entry only if several sources have the folder
	size    int64
	packed  int64
	modTime int64
	dir     *plain.Dir // of a plain file
}

// mountSource is the source of a folder that is only part of a mount's path.
const mountSource = -2

// List lists a folder: its entries in all archives, what is mounted below it, and plain files. If
// two have the same name, it has the one that is served.
func (v *View) List(dir string, o ListOptions) (*List, error) {
	c := &collector{v: v, dir: dir, hidden: v.hiding(o.Hidden), list: &List{}}
	if err := c.collect(); err != nil {
		return nil, err
	}
	l := c.list
	l.Total = len(c.children)
	c.sort(o)
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

// collector gathers the entries of a folder.
type collector struct {
	v        *View
	dir      string
	hidden   func(string) bool
	list     *List
	children []child
	seen     map[string]bool // names; nil if only one source has the folder
	path     []byte
}

// archiveFolder is a folder in an archive.
type archiveFolder struct {
	mount   int
	source  int
	ordinal int
}

func (c *collector) collect() error {
	set := c.v.set
	dirs, err := c.v.directories(c.dir)
	if err != nil {
		return err
	}
	if c.list.Downloads = len(dirs) > 0; c.list.Downloads {
		c.list.Archive = set.sources[dirs[0].source].title()
	}
	c.list.Partial = len(dirs) > 1
	files, some, err := set.readDirs(c.dir)
	if err != nil {
		return err
	}
	single := len(set.mounts) == 0 || len(set.mounts) == 1 && set.mounts[0].path == ""
	if len(dirs) > 1 || !single || some {
		c.seen = map[string]bool{}
	}
	if c.seen != nil {
		c.addMounts()
	}
	for m := range set.mounts {
		for len(dirs) > 0 && dirs[0].mount == m {
			if err := c.addArchived(dirs[0]); err != nil {
				return err
			}
			dirs = dirs[1:]
		}
		for _, e := range files[m] {
			if err := c.addPlain(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// readDirs returns the entries of a folder in the directories of each mount, and whether there are
// any.
func (s *Set) readDirs(path string) (files [][]plainEntry, some bool, err error) {
	files = make([][]plainEntry, len(s.mounts))
	for m := range s.mounts {
		rest, ok := below(s.mounts[m].path, path)
		if !ok {
			continue
		}
		for _, d := range s.mounts[m].dirs {
			entries, err := d.ReadDir(rest)
			if err != nil {
				return nil, false, err
			}
			for _, e := range entries {
				files[m] = append(files[m], plainEntry{e, d, s.mounts[m].path})
			}
			some = some || len(entries) > 0
		}
	}
	return files, some, nil
}

// directories returns the folders of archives that path names, in the order in which they are
// asked.
func (v *View) directories(path string) ([]archiveFolder, error) {
	s := v.set
	var dirs []archiveFolder
	for m := range s.mounts {
		rest, ok := below(s.mounts[m].path, path)
		if !ok {
			continue
		}
		if s.mounts[m].pending {
			return nil, ErrPending
		}
		for _, i := range s.mounts[m].sources {
			a, err := v.touch(i)
			if err != nil {
				return nil, err
			}
			k, dir, err := a.directory(rest)
			if err != nil {
				return nil, err
			}
			if dir {
				dirs = append(dirs, archiveFolder{m, i, k})
			}
		}
	}
	return dirs, nil
}

// fresh reports whether a name is shown, and was not in a source before.
func (c *collector) fresh(name string, isDir bool) bool {
	if c.hides(name, isDir) || c.seen[name] {
		return false
	}
	if c.seen != nil {
		c.seen[name] = true
	}
	return true
}

// hides reports whether a name in the folder is hidden.
func (c *collector) hides(name string, isDir bool) bool {
	return c.hidden != nil && hides(c.hidden, join(c.dir, name), func() bool { return isDir })
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (c *collector) add(ch child) {
	c.list.count(ch.typ, ch.size, ch.packed)
	c.children = append(c.children, ch)
}

// count adds an item to the totals. Only files have a size: that of a symbolic link is the length
// of its target.
func (l *List) count(t sidecar.Type, size, packed int64) {
	if t == sidecar.TypeDir {
		l.Folders++
		return
	}
	l.Files++
	if t == sidecar.TypeFile || t == sidecar.TypeHardlink {
		l.Size += size
		l.Packed += max(packed, 0)
	}
}

// addMounts adds the next name on the path to each mount below the folder.
func (c *collector) addMounts() {
	for _, m := range c.v.set.mounts {
		rest, ok := below(c.dir, m.path)
		name, _, _ := strings.Cut(rest, "/")
		ok = ok && len(m.sources)+len(m.dirs) > 0
		if ok && name != "" && c.fresh(name, true) {
			c.list.Partial = true
			c.add(child{source: mountSource, typ: sidecar.TypeDir, name: name})
		}
	}
}

func (c *collector) addArchived(d archiveFolder) error {
	a := c.v.set.sources[d.source]
	x := a.index
	omit, err := c.v.omit(a, c.v.set.mounts[d.mount].path)
	if err != nil {
		return err
	}
	for i, err := range x.Children(d.ordinal) {
		if err != nil {
			return a.wrap(err)
		}
		e, err := x.Entry(i)
		if err != nil {
			return a.wrap(err)
		}
		ch := child{source: int32(d.source), typ: e.Type, ordinal: uint32(i), size: e.Size,
			packed: e.ContentLen, modTime: e.ModTime}
		if ch.typ == sidecar.TypeDir {
			ch.size = int64(omit.visible(i+1, int(e.End)))
		}
		if c.seen != nil || c.hidden != nil {
			if c.path, err = x.AppendPath(c.path[:0], i); err != nil {
				return a.wrap(err)
			}
			name := path.Base(string(c.path))
			if !c.fresh(name, ch.typ == sidecar.TypeDir) || ch.typ == sidecar.TypeSymlink &&
				c.v.leadsToHidden(join(c.dir, name), c.hidden) {
				continue
			}
			if c.seen != nil {
				ch.name = name
			}
		}
		c.add(ch)
	}
	return nil
}

func (c *collector) addPlain(e plainEntry) error {
	if c.hides(e.Name(), e.IsDir()) {
		return nil
	}
	if e.IsDir() {
		c.list.Partial = true // it may have more in it than an archive's folder
	}
	if c.seen[e.Name()] {
		return nil
	}
	if answered, err := e.answered(join(c.dir, e.Name()), c.hidden); err != nil || !answered {
		return err
	}
	if ch, ok := plainChild(e); ok {
		c.seen[e.Name()] = true // not nil: there are plain files
		c.list.Partial = true
		ch.dir = e.dir
		c.add(ch)
	}
	return nil
}

// sort sorts the children. Those of one archive are sorted by name already.
func (c *collector) sort(o ListOptions) {
	compare := func(a, b *child) int { return strings.Compare(a.name, b.name) }
	switch o.Order {
	case BySize:
		compare = func(a, b *child) int { return cmp.Compare(a.size, b.size) }
	case ByPacked:
		compare = func(a, b *child) int { return cmp.Compare(a.packed, b.packed) }
	case ByTime:
		compare = func(a, b *child) int { return cmp.Compare(a.modTime, b.modTime) }
	}
	if o.Order == ByName && o.Descending {
		slices.Reverse(c.children) // the sort is stable, and names of one archive are not in memory
	}
	slices.SortStableFunc(c.children, func(a, b child) int {
		if d := a.typ == sidecar.TypeDir; d != (b.typ == sidecar.TypeDir) { // folders first
			if d {
				return -1
			}
			return 1
		}
		if o.Descending {
			a, b = b, a
		}
		return compare(&a, &b)
	})
}

// item returns the row of a child.
func (c *collector) item(ch *child) (Item, error) {
	if ch.source >= 0 {
		a := c.v.set.sources[ch.source]
		it, err := a.item(int(ch.ordinal))
		if it.Type == sidecar.TypeDir {
			it.Below = int(ch.size) // without hidden ones
		}
		it.Path = join(c.dir, path.Base(it.Path))
		return it, err
	}
	it := ch.plainItem(join(c.dir, ch.name))
	if ch.dir == nil {
		return it, nil
	}
	m, _ := c.v.set.place(ch.dir)
	return it, it.sniff(ch.dir, c.v.set.mounts[m].path)
}

// item returns the row of an entry.
func (a *archive) item(i int) (Item, error) {
	p, err := a.index.Path(i)
	if err != nil {
		return Item{}, a.wrap(err)
	}
	e, err := a.index.Entry(i)
	if err != nil {
		return Item{}, a.wrap(err)
	}
	it := Item{Path: p, Type: e.Type, Size: e.Size, Packed: e.ContentLen, ModTime: e.ModTime}
	switch e.Type {
	case sidecar.TypeDir:
		it.Below = int(e.End) - i - 1
	case sidecar.TypeSymlink:
		it.Link, err = a.index.Link(i)
	case sidecar.TypeFile, sidecar.TypeHardlink:
		it.content = plan.Node{Size: e.Size, UTF8: e.Sniff.UTF8(), Sniff: e.Sniff.MediaType()}
	}
	return it, a.wrap(err)
}
