package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// A sourceDir is a directory that is being packed, open for as long as somebody may still open a file in it.
type Dir struct {
	Tree *Tree    // that it is in; nil, as root is, where all in it is copied from archives
	Root *os.Root // closed when nobody needs it any longer
	Path string   // in the archive, "" for the top
	// closed: it, or one above, may not be entered by its owner once its mode is restored.
	Closed bool
	refs   atomic.Int32
}

func (d *Dir) Join(name string) string {
	if d.Path == "" {
		return name
	}
	return d.Path + "/" + name
}

func (d *Dir) Acquire() { d.refs.Add(1) }

func (d *Dir) Release() {
	if d.refs.Add(-1) == 0 && d.Root != nil {
		d.Root.Close() // open for reading only: nothing to lose
	}
}

// A sourceEntry is something in a directory, as lstat saw it. Whoever gets one holds a reference to its directory.
type Entry struct {
	Dir  *Dir
	Name string
	Typ  sidecar.Type // never TypeHardlink: the walker does not look for second names
	Info fs.FileInfo  // nil: the entry is copied from an archive
	Full string       // its path, where that is known already
}

func (e *Entry) Path() string {
	if e.Full != "" {
		return e.Full
	}
	return e.Dir.Join(e.Name)
}

// A walker goes through a tree in the order in which pack writes it (FORMAT.md 1.1): a directory, its
// files, its other entries, then its subdirectories, each by the bytes of the name.
type Walker struct {
	Exclude  *exclude.Patterns
	Special  bool              // keep FIFOs and devices
	Skip     []os.FileInfo     // files not to pack: the output itself
	IsOutput func(*Entry) bool // likewise, if set
	Notice   func(error)       // what was left out
	Entry    func(Entry) error // gets every entry; a directory before what is in it
	EndDir   func() error      // after the last entry of a directory that isn't a directory
}

// walk goes through a tree.
func (w *Walker) Walk(ctx context.Context, t *Tree) error {
	d, err := t.Top()
	if err != nil {
		return err
	}
	return w.walkDir(ctx, d)
}

func (w *Walker) walkDir(ctx context.Context, d *Dir) error {
	d.Acquire()
	defer d.Release()
	entries, err := w.List(d)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if c := format.Rank(a.Typ) - format.Rank(b.Typ); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	firstDir := len(entries)
	for i, e := range entries {
		if e.Typ == sidecar.TypeDir {
			firstDir = i
			break
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.Acquire()
		if err := w.Entry(e); err != nil {
			return err
		}
	}
	if err := w.EndDir(); err != nil {
		return err
	}
	for _, e := range entries[firstDir:] {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.Acquire()
		if err := w.Entry(e); err != nil {
			return err
		}
		sub, err := OpenDir(d, e)
		if err != nil {
			return err
		}
		if err := w.walkDir(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

// openDir opens a directory and makes sure it is the one that lstat saw.
func OpenDir(d *Dir, e Entry) (*Dir, error) {
	root, err := d.Root.OpenRoot(e.Name)
	if err != nil {
		return nil, Error(e.Path(), err)
	}
	fi, err := root.Stat(".")
	if err == nil && !os.SameFile(fi, e.Info) {
		err = format.ErrChanged
	}
	if err != nil {
		root.Close()
		return nil, Error(e.Path(), err)
	}
	closed := d.Closed || e.Info.Mode().Perm()&0o100 == 0
	return &Dir{Tree: d.Tree, Root: root, Path: e.Path(), Closed: closed}, nil
}

// list returns what is to be packed of a directory, by name.
func (w *Walker) List(d *Dir) ([]Entry, error) {
	f, err := d.Root.Open(".")
	if err != nil {
		return nil, Error(d.Path, err)
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return nil, Error(d.Path, err)
	}
	if t := d.Tree; t.Only != "" && d.Path == t.Into {
		names = []string{t.Only}
	}
	slices.Sort(names)
	infos, err := d.lstat(names)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(names))
	for i, name := range names {
		e := Entry{Dir: d, Name: name, Info: infos[i], Full: d.Join(name)}
		keep, err := w.classify(&e)
		if err != nil {
			return nil, err
		}
		if keep {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// A directory of lstatRun names and more is looked at by up to lstatWorkers at once: that is what most of the time goes into where nothing has
// changed, and on a disk or over a network each of them waits.
const (
	lstatRun     = 64
	lstatWorkers = 8
)

// lstat looks at what the names in a directory are. The error is that of the first of them that has one.
func (d *Dir) lstat(names []string) ([]fs.FileInfo, error) {
	infos := make([]fs.FileInfo, len(names))
	run := max(lstatRun, (len(names)+lstatWorkers-1)/lstatWorkers)
	failed := make([]error, (len(names)+run-1)/run)
	var all sync.WaitGroup
	for k := range failed {
		look := func() {
			for i := k * run; i < min((k+1)*run, len(names)) && failed[k] == nil; i++ {
				if infos[i], failed[k] = d.Root.Lstat(names[i]); failed[k] != nil {
					failed[k] = Error(d.Join(names[i]), failed[k])
				}
			}
		}
		if k == len(failed)-1 {
			look()
		} else {
			all.Go(look)
		}
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// classify sets the entry's type and says whether it is to be packed.
func (w *Walker) classify(e *Entry) (bool, error) {
	p, mode := e.Path(), e.Info.Mode()
	if w.Exclude.Match(p, mode.IsDir()) {
		return false, nil
	}
	if err := sidecar.ValidPath(p); err != nil {
		return false, Error(p, err)
	}
	switch mode.Type() {
	case 0:
		e.Typ = sidecar.TypeFile
		for _, fi := range w.Skip {
			if os.SameFile(fi, e.Info) {
				if !format.IsTempName(e.Name) { // nobody has put those there
					w.Notice(fmt.Errorf("%s: is the archive being written or replaced: not packed", format.Printable(p)))
				}
				return false, nil
			}
		}
		if w.IsOutput != nil && w.IsOutput(e) {
			if !format.IsTempName(e.Name) {
				w.Notice(fmt.Errorf("%s: is of the shard set being written or replaced: not packed", format.Printable(p)))
			}
			return false, nil
		}
		return true, nil
	case fs.ModeDir:
		e.Typ = sidecar.TypeDir
		return true, nil
	case fs.ModeSymlink:
		e.Typ = sidecar.TypeSymlink
		return true, nil
	case fs.ModeNamedPipe:
		e.Typ = sidecar.TypeFIFO
	case fs.ModeDevice:
		e.Typ = sidecar.TypeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		e.Typ = sidecar.TypeChar
	default:
		w.Notice(fmt.Errorf("%s: a socket: not packed", format.Printable(p)))
		return false, nil
	}
	if !w.Special {
		w.Notice(fmt.Errorf("%s: a %s: %w", format.Printable(p), e.Typ, format.ErrSpecial))
	}
	return w.Special, nil
}

// sourceError says of which path of the tree err speaks. It returns nil for nil.
func Error(p string, err error) error {
	if err == nil {
		return nil
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	if p == "" {
		p = "."
	}
	return fmt.Errorf("%s: %w", format.Printable(p), err)
}
