package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// Dir is a directory that is being packed. It stays open as long as a reference is held, so that
// files in it can be opened.
type Dir struct {
	Tree *Tree    // nil for a directory that exists only in the archives copied from
	Root *os.Root // nil as Tree is; closed with the last reference
	Path string   // in the archive; "" for its top
	// Closed means that its owner can't enter it, or a directory above it, once its mode is
	// restored.
	Closed bool
	refs   atomic.Int32
}

// Join returns the path in the archive of name in the directory.
func (d *Dir) Join(name string) string {
	if d.Path == "" {
		return name
	}
	return d.Path + "/" + name
}

// Acquire takes a reference.
func (d *Dir) Acquire() { d.refs.Add(1) }

// Release gives a reference back. The last one closes the directory.
func (d *Dir) Release() {
	if d.refs.Add(-1) == 0 && d.Root != nil {
		d.Root.Close() // opened for reading only: errors lose nothing
	}
}

// Entry is something in a directory, as lstat returned it. The receiver of an Entry holds a
// reference to Dir.
type Entry struct {
	Dir  *Dir
	Name string
	Typ  sidecar.Type // never TypeHardlink: further names of a file are not detected here
	Info fs.FileInfo  // nil if the entry is copied from an archive
	Full string       // its path, if that has been computed
}

// Path returns the path of the entry in the archive.
func (e *Entry) Path() string {
	if e.Full != "" {
		return e.Full
	}
	return e.Dir.Join(e.Name)
}

// OpenDir opens the directory e in d. The error wraps format.ErrChanged if it is no longer the one
// that lstat saw.
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

// With lstatRun names or more, up to lstatWorkers goroutines look at a directory. Where nothing has
// changed, lstat takes most of the time, and on a disk or over a network each call waits.
const (
	lstatRun     = 64
	lstatWorkers = 8
)

// lstat returns what the names in the directory are. The error is that of the first name that has
// one.
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

// Error returns err with the path p of the tree, "." for its top, in place of any path in err. It
// returns nil for nil.
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
