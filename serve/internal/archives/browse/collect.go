package browse

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/match"
	"github.com/tarpack/tpk/serve/internal/natural"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/sidecar"
)

// child is an entry of a folder, with what sorting needs.
type child struct {
	source  int32 // plainSource, or mountSource
	mount   int32 // of the source
	typ     sidecar.Type
	ordinal uint32
	name    string
	key     string // of the name, for the order
	size    int64  // of a folder: if the order needs it
	packed  int64
	modTime int64
	dir     *plain.Dir // of a plain file
}

// mountSource is the source of a folder that is only part of a mount's path.
const mountSource = -2

// collector gathers the entries of a folder.
type collector struct {
	v        *View
	dir      string
	o        ListOptions
	hidden   func(string) bool
	filter   *match.Matcher // nil without one
	list     *List
	children []child
	seen     map[string]bool // names; nil if only one source has the folder
	shared   map[string]bool // names of folders that several sources have
	path     []byte
	choices  *choices
	readmes  bool // only READMEs are wanted
}

func (c *collector) collect() error {
	mounts := c.v.Mounted()
	dirs, err := c.v.Directories(c.dir)
	if err != nil {
		return err
	}
	if c.list.Downloads = len(dirs) > 0; c.list.Downloads {
		c.list.Archive = c.v.Archive(dirs[0].Source).Title()
	}
	c.list.Partial = len(dirs) > 1
	files, some, err := c.v.readDirs(c.dir, c.hidden)
	if err != nil {
		return err
	}
	single := len(mounts) == 0 || len(mounts) == 1 && mounts[0].Path == ""
	if len(dirs) > 1 || !single || some {
		c.seen, c.shared = map[string]bool{}, map[string]bool{}
	}
	if c.seen != nil {
		c.addMounts()
	}
	if c.choices, err = c.v.choices(c.dir, dirs); err != nil {
		return err
	}
	only := dirs
	for m := range mounts {
		for len(dirs) > 0 && dirs[0].Mount == m {
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
	if len(only) == 1 && !c.list.Partial && !c.readmes {
		return c.addTotals(only[0])
	}
	return nil
}

// addTotals adds the totals of the folder, which only one archive has.
func (c *collector) addTotals(d archives.Folder) error {
	a := c.v.Archive(d.Source)
	omit, err := a.Omit(c.v.Hidden(), c.v.Mounted()[d.Mount].Path)
	if err != nil {
		return err
	}
	if d.Ordinal == sidecar.Root {
		c.list.Top = a.Title()
	}
	c.list.Tree, err = a.Totals(omit, d.Ordinal)
	return err
}

// fresh reports whether a name is shown, and was not in a source before.
func (c *collector) fresh(name string, isDir bool) bool {
	if c.hides(name, isDir) {
		return false
	}
	if c.seen[name] {
		c.shared[name] = c.shared[name] || isDir
		return false
	}
	if c.seen != nil {
		c.seen[name] = true
	}
	return true
}

// hides reports whether a name in the folder is hidden.
func (c *collector) hides(name string, isDir bool) bool {
	return c.hidden != nil &&
		paths.Hides(c.hidden, paths.Join(c.dir, name), func() bool { return isDir })
}

// add adds an entry, if the filter lets it pass.
func (c *collector) add(ch child) {
	c.addReadme(&ch)
	if c.readmes {
		return
	}
	c.list.All++
	if c.filter != nil {
		if _, ok := c.filter.Match(ch.name); !ok {
			return
		}
	}
	ch.key = natural.Key(ch.name)
	c.list.count(ch.typ, ch.size, ch.packed)
	c.children = append(c.children, ch)
}

// addMounts adds the next name on the path to each mount below the folder.
func (c *collector) addMounts() {
	for _, m := range c.v.Mounted() {
		rest, ok := paths.Below(c.dir, m.Path)
		name, _, _ := strings.Cut(rest, "/")
		ok = ok && len(m.Sources)+len(m.Dirs) > 0
		if ok && name != "" && c.fresh(name, true) {
			c.list.Partial = true
			c.add(child{source: mountSource, typ: sidecar.TypeDir, name: name})
		}
	}
}

func (c *collector) addArchived(d archives.Folder) error {
	a := c.v.Archive(d.Source)
	x := a.Index
	for i, err := range x.Children(d.Ordinal) {
		if err != nil {
			return a.Wrap(err)
		}
		e, err := x.Entry(i)
		if err != nil {
			return a.Wrap(err)
		}
		ch := child{source: int32(d.Source), mount: int32(d.Mount), typ: e.Type, ordinal: uint32(i),
			size: e.Size, packed: e.ContentLen, modTime: e.ModTime}
		if c.path, err = x.AppendPath(c.path[:0], i); err != nil {
			return a.Wrap(err)
		}
		ch.name = path.Base(string(c.path))
		if !c.fresh(ch.name, ch.typ == sidecar.TypeDir) {
			continue
		}
		if ch.typ == sidecar.TypeSymlink {
			ch.size = 0
			if c.v.LeadsToHidden(paths.Join(c.dir, ch.name), c.hidden) {
				continue
			}
		}
		c.add(ch)
	}
	return nil
}

func (c *collector) addPlain(e plainEntry) error {
	if e.IsDir() {
		c.list.Partial = true // it may have more in it than an archive's folder
	}
	if c.seen[e.Name()] {
		c.shared[e.Name()] = c.shared[e.Name()] || e.IsDir()
		return nil
	}
	if answered, err := e.answered(paths.Join(c.dir, e.Name()), c.hidden); err != nil || !answered {
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

// addSizes sets the sizes of folders, if the order needs them. Those that are not known come before
// others.
func (c *collector) addSizes() error {
	if c.o.Order != BySize && c.o.Order != ByPacked {
		return nil
	}
	for i := range c.children {
		ch := &c.children[i]
		if ch.typ != sidecar.TypeDir {
			continue
		}
		it := Item{Path: paths.Join(c.dir, ch.name)}
		if err := c.addFolder(&it, ch); err != nil {
			return err
		}
		if ch.size, ch.packed = it.Size, it.Packed; it.Below < 0 {
			ch.size, ch.packed = -1, -1
		}
	}
	return nil
}

// addFolder sets what a folder among the children has in it.
func (c *collector) addFolder(it *Item, ch *child) error {
	switch {
	case ch.source == mountSource:
		return c.v.addMountTotals(it, c.shared[ch.name])
	case ch.source < 0 || c.shared[ch.name]:
		it.setTotals(contents.UnknownTotals)
		return nil
	}
	return c.v.addTotals(it, c.v.Archive(int(ch.source)), c.v.Mounted()[ch.mount].Path,
		int(ch.ordinal))
}

// sort sorts the children.
func (c *collector) sort() {
	byName := func(a, b *child) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.name, b.name))
	}
	compare := func(*child, *child) int { return 0 }
	switch c.o.Order {
	case BySize:
		compare = func(a, b *child) int { return cmp.Compare(a.size, b.size) }
	case ByPacked:
		compare = func(a, b *child) int { return cmp.Compare(a.packed, b.packed) }
	case ByTime:
		compare = func(a, b *child) int { return cmp.Compare(a.modTime, b.modTime) }
	}
	slices.SortFunc(c.children, func(a, b child) int {
		if d := a.typ == sidecar.TypeDir; d != (b.typ == sidecar.TypeDir) { // folders first
			if d {
				return -1
			}
			return 1
		}
		byValue, name := compare(&a, &b), byName(&a, &b)
		if c.o.Descending {
			byValue = -byValue
			if c.o.Order == ByName {
				name = -name
			}
		}
		return cmp.Or(byValue, name)
	})
}

// item returns the row of a child.
func (c *collector) item(ch *child) (it Item, err error) {
	if ch.source >= 0 {
		it, err = rowOf(c.v.Archive(int(ch.source)), int(ch.ordinal))
		if err != nil {
			return it, err
		}
		it.Path = paths.Join(c.dir, ch.name)
		it.Choice, err = c.choices.of(int(ch.source), int(ch.ordinal))
		if err != nil {
			return it, err
		}
	} else {
		it = ch.plainItem(paths.Join(c.dir, ch.name))
	}
	if it.Type == sidecar.TypeDir {
		return it, c.addFolder(&it, ch)
	}
	if ch.dir == nil {
		return it, nil
	}
	m, _ := c.v.place(ch.dir)
	_, err = it.sniff(ch.dir, c.v.Mounted()[m].Path)
	return it, err
}
