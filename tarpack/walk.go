package tarpack

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
)

// ErrChanged means that a file is not what it was when it was first looked at.
var ErrChanged = errors.New("changed while it was read")

// A sourceDir is a directory that is being packed, open for as long as somebody may still open a file in it.
type sourceDir struct {
	tree *sourceTree // that it is in; nil, as root is, where all in it is copied from archives
	root *os.Root    // closed when nobody needs it any longer
	path string      // in the archive, "" for the top
	// closed: it, or one above, may not be entered by its owner once its mode is restored.
	closed bool
	refs   atomic.Int32
}

func (d *sourceDir) join(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "/" + name
}

func (d *sourceDir) acquire() { d.refs.Add(1) }

func (d *sourceDir) release() {
	if d.refs.Add(-1) == 0 && d.root != nil {
		d.root.Close() // open for reading only: nothing to lose
	}
}

// A sourceEntry is something in a directory, as lstat saw it. Whoever gets one holds a reference to its directory.
type sourceEntry struct {
	dir  *sourceDir
	name string
	typ  sidecar.Type // never TypeHardlink: the walker does not look for second names
	info fs.FileInfo  // nil: the entry is copied from an archive
	full string       // its path, where that is known already
}

func (e *sourceEntry) path() string {
	if e.full != "" {
		return e.full
	}
	return e.dir.join(e.name)
}

// A walker goes through a tree in the order in which pack writes it (FORMAT.md 1.1): a directory, its
// files, its other entries, then its subdirectories, each by the bytes of the name.
type walker struct {
	exclude *Excluder
	special bool                    // keep FIFOs and devices
	skip    []os.FileInfo           // files not to pack: the output itself
	own     func(*sourceEntry) bool // likewise, if set
	notice  func(error)             // what was left out
	entry   func(sourceEntry) error // gets every entry; a directory before what is in it
	endDir  func() error            // after the last entry of a directory that isn't a directory
}

// walk goes through a tree.
func (w *walker) walk(ctx context.Context, t *sourceTree) error {
	d, err := t.top()
	if err != nil {
		return err
	}
	return w.walkDir(ctx, d)
}

func (w *walker) walkDir(ctx context.Context, d *sourceDir) error {
	d.acquire()
	defer d.release()
	entries, err := w.list(d)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b sourceEntry) int {
		if c := rank(a.typ) - rank(b.typ); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	firstDir := len(entries)
	for i, e := range entries {
		if e.typ == sidecar.TypeDir {
			firstDir = i
			break
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.acquire()
		if err := w.entry(e); err != nil {
			return err
		}
	}
	if err := w.endDir(); err != nil {
		return err
	}
	for _, e := range entries[firstDir:] {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.acquire()
		if err := w.entry(e); err != nil {
			return err
		}
		sub, err := openDir(d, e)
		if err != nil {
			return err
		}
		if err := w.walkDir(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

// rank is the order of the kinds of entries in a directory: files, links and others, subdirectories. A hard link counts as a
// file: which of a file's names is the link depends on which comes first.
func rank(t sidecar.Type) int {
	switch t {
	case sidecar.TypeFile, sidecar.TypeHardlink:
		return 0
	case sidecar.TypeDir:
		return 2
	}
	return 1
}

// openDir opens a directory and makes sure it is the one that lstat saw.
func openDir(d *sourceDir, e sourceEntry) (*sourceDir, error) {
	root, err := d.root.OpenRoot(e.name)
	if err != nil {
		return nil, sourceError(e.path(), err)
	}
	fi, err := root.Stat(".")
	if err == nil && !os.SameFile(fi, e.info) {
		err = ErrChanged
	}
	if err != nil {
		root.Close()
		return nil, sourceError(e.path(), err)
	}
	closed := d.closed || e.info.Mode().Perm()&0o100 == 0
	return &sourceDir{tree: d.tree, root: root, path: e.path(), closed: closed}, nil
}

// list returns what is to be packed of a directory, by name.
func (w *walker) list(d *sourceDir) ([]sourceEntry, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, sourceError(d.path, err)
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return nil, sourceError(d.path, err)
	}
	if t := d.tree; t.only != "" && d.path == t.into {
		names = []string{t.only}
	}
	slices.Sort(names)
	infos, err := d.lstat(names)
	if err != nil {
		return nil, err
	}
	entries := make([]sourceEntry, 0, len(names))
	for i, name := range names {
		e := sourceEntry{dir: d, name: name, info: infos[i], full: d.join(name)}
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
func (d *sourceDir) lstat(names []string) ([]fs.FileInfo, error) {
	infos := make([]fs.FileInfo, len(names))
	run := max(lstatRun, (len(names)+lstatWorkers-1)/lstatWorkers)
	failed := make([]error, (len(names)+run-1)/run)
	var all sync.WaitGroup
	for k := range failed {
		look := func() {
			for i := k * run; i < min((k+1)*run, len(names)) && failed[k] == nil; i++ {
				if infos[i], failed[k] = d.root.Lstat(names[i]); failed[k] != nil {
					failed[k] = sourceError(d.join(names[i]), failed[k])
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
func (w *walker) classify(e *sourceEntry) (bool, error) {
	p, mode := e.path(), e.info.Mode()
	if w.exclude.Match(p, mode.IsDir()) {
		return false, nil
	}
	if err := sidecar.ValidPath(p); err != nil {
		return false, sourceError(p, err)
	}
	switch mode.Type() {
	case 0:
		e.typ = sidecar.TypeFile
		for _, fi := range w.skip {
			if os.SameFile(fi, e.info) {
				if !isTempName(e.name) { // nobody has put those there
					w.notice(fmt.Errorf("%s: is the archive being written or replaced: not packed", printable(p)))
				}
				return false, nil
			}
		}
		if w.own != nil && w.own(e) {
			if !isTempName(e.name) {
				w.notice(fmt.Errorf("%s: is of the shard set being written or replaced: not packed", printable(p)))
			}
			return false, nil
		}
		return true, nil
	case fs.ModeDir:
		e.typ = sidecar.TypeDir
		return true, nil
	case fs.ModeSymlink:
		e.typ = sidecar.TypeSymlink
		return true, nil
	case fs.ModeNamedPipe:
		e.typ = sidecar.TypeFIFO
	case fs.ModeDevice:
		e.typ = sidecar.TypeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		e.typ = sidecar.TypeChar
	default:
		w.notice(fmt.Errorf("%s: a socket: not packed", printable(p)))
		return false, nil
	}
	if !w.special {
		w.notice(fmt.Errorf("%s: a %s: %w", printable(p), e.typ, ErrSpecial))
	}
	return w.special, nil
}

// sourceError says of which path of the tree err speaks. It returns nil for nil.
func sourceError(p string, err error) error {
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
	return fmt.Errorf("%s: %w", printable(p), err)
}
