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
	"github.com/tarpack/tpk/tarpack/internal/durable"
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

	up    *Dir        // the directory above it, or the link to it; nil for the top
	info  fs.FileInfo // if links are followed, or only one file system is packed
	whole bool        // a glob includes it, or a directory above, with everything below
	other bool        // it is of another file system, so what is in it is left out
	refs  atomic.Int32
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

	whole    bool // a glob includes it
	followed bool // it is a symbolic link on disk, and the entry is what that leads to
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
	root, err := e.openRoot()
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
	t := d.Tree
	sub := &Dir{Tree: t, Root: root, Path: e.Path(), up: d, whole: d.whole || e.whole}
	sub.Closed = d.Closed || t.UnixMode(fi)&0o100 == 0
	if t.Follow || t.OneFileSystem {
		sub.info = fi
	}
	isNamed := t.names != nil && !t.names.hasAll(parent(t.Rel(sub.Path)))
	sub.other = t.OneFileSystem && !isNamed && device(sub.info) != device(d.info)
	return sub, nil
}

// device returns the number of the file system of a directory. On Windows it is always the same:
// mounted volumes are not directories there.
func device(fi fs.FileInfo) uint64 {
	if fi == nil { // of a directory that exists only in an archive
		return 0
	}
	return durable.StatOf(fi).Dev
}

// UnixMode returns the permissions that the archive gets for a directory.
func (t *Tree) UnixMode(fi fs.FileInfo) uint16 {
	return t.Mode.Apply(durable.UnixMode(fi), true)
}

// With lstatRun names or more, up to lstatWorkers goroutines look at a directory. Where nothing has
// changed, lstat takes most of the time, and on a disk or over a network each call waits.
const (
	lstatRun     = 64
	lstatWorkers = 8
)

// A found is what there is under a name.
type found struct {
	info     fs.FileInfo
	followed bool
	err      error
}

// lstat returns what the names in the directory are.
func (d *Dir) lstat(names []string) []found {
	all := make([]found, len(names))
	run := max(lstatRun, (len(names)+lstatWorkers-1)/lstatWorkers)
	var runs sync.WaitGroup
	for from := 0; from < len(names); from += run {
		look := func() {
			for i := from; i < min(from+run, len(names)); i++ {
				f := &all[i]
				if f.info, f.followed, f.err = d.stat(names[i]); f.err != nil {
					f.err = d.nameError(names[i], f.err)
				}
			}
		}
		if from+run >= len(names) {
			look()
		} else {
			runs.Go(look)
		}
	}
	runs.Wait()
	return all
}

// nameError is Error for what can't be looked at. If the system does not allow its name, which
// another one has given it, that is the reason.
func (d *Dir) nameError(name string, err error) error {
	if reason := format.CheckPath(name); reason != nil {
		err = reason
	}
	return Error(d.Join(name), err)
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
