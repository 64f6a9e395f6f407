package extract

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A targetDir is a directory that is extracted into. It is used by its os.Root and the names in it
// only, never by its path.
type targetDir struct {
	path     string // "" for the target itself
	parent   *targetDir
	name     string
	root     *os.Root     // nil until the directory is used
	borrowed bool         // root belongs to the caller, so it is not closed
	keepOld  bool         // what is there already is not replaced
	refs     atomic.Int32 // the walker's, and one for each batch in progress

	// handle is opened by the first call of fd.
	handleOnce sync.Once
	handle     *os.File
	handleErr  error

	ordinal int // sidecar.Root for the target, and for a directory that is not extracted itself
	entry   sidecar.Entry
	batch   *batch // of entries that were not sent to the workers yet

	// createdHere: this run created the directory, so it created everything in it as well.
	createdHere bool
	// created has the files that this run created, if createdHere is false. mu is held while one is
	// created.
	mu      sync.Mutex
	created map[osfile.Identity]bool

	// modeVerified is 1 plus the last mode for which a new file was seen to get exactly the
	// permissions that were asked for. Then neither the umask nor a default ACL of the directory
	// removes any.
	modeVerified atomic.Uint32
}

// release drops a reference. The last one closes the directory.
func (d *targetDir) release() {
	if d.refs.Add(-1) > 0 {
		return
	}
	if d.handle != nil {
		d.handle.Close()
	}
	if d.root != nil && !d.borrowed {
		d.root.Close()
	}
}

// writable are the permissions of the owner that a directory needs while it is extracted into.
const writable = 0o700

// makeDir creates the directory sub in d, or uses an existing one.
func (d *targetDir) makeDir(sub *targetDir) error {
	if err := d.open(); err != nil {
		return err
	}
	perm := fs.FileMode(writable)
	if sub.ordinal == sidecar.Root {
		perm = 0o777 // it does not get a mode later
	}
	mkdir := func() error { return d.root.Mkdir(sub.name, perm) }
	err := d.exclusively(sub.name, mkdir, fs.FileInfo.IsDir)
	sub.createdHere = err == nil
	if errors.Is(err, errThere) {
		err = nil
	}
	if err != nil {
		return err
	}
	if err := sub.open(); err != nil || sub.createdHere {
		return err
	}
	// An entry's mode is set at the end. Until then the directory must be writable.
	fi, err := sub.root.Stat(".")
	if err == nil && sub.ordinal != sidecar.Root && !d.keepOld && fi.Mode()&writable != writable {
		return sub.root.Chmod(".", fi.Mode().Perm()|writable)
	}
	return nil
}

// open opens the directory through its parent.
func (d *targetDir) open() error {
	if d.root != nil {
		return nil
	}
	if err := d.parent.open(); err != nil {
		return err
	}
	fi, err := d.parent.root.Lstat(d.name)
	if err != nil {
		return err
	}
	if !fi.IsDir() {
		return fmt.Errorf("%w: something else has taken the directory's place", format.ErrRefused)
	}
	root, err := d.parent.root.OpenRoot(d.name)
	if err != nil {
		return err
	}
	// OpenRoot follows a symbolic link that leads to another place below the parent.
	now, err := root.Stat(".")
	if err == nil && !os.SameFile(fi, now) {
		err = fmt.Errorf("%w: somebody has exchanged the directory", format.ErrRefused)
	}
	if err != nil {
		root.Close()
		return err
	}
	d.root = root
	return nil
}

// restore sets the owner and the time of the directory, and then its mode.
func (d *targetDir) restore(owners *ownerReader) error {
	if err := d.parent.open(); err != nil {
		return err
	}
	owned := owners.setOwner(d.ordinal, &d.entry, d.parent.lchown(d.name))
	if err := d.parent.setTimeOf(d.name, d.entry.ModTime); err != nil {
		return err
	}
	if err := d.parent.root.Chmod(d.name, format.Permissions(d.entry.Mode)); err != nil {
		return err
	}
	return owned
}

// ErrDirInTheWay: the entry is not a directory, and a directory that is not empty has its name.
var ErrDirInTheWay = errors.New("a directory that is not empty has this name")

// errThere: something with the name exists, and exclusively has kept it.
var errThere = errors.New("it is there already")

// exclusively calls create to create name in the directory. If that fails with fs.ErrExist, the
// outcome depends on what is there. A file that this run created is a collision. Otherwise
// exclusively returns errThere if keep accepts the file, fs.ErrExist if d.keepOld is set, or
// removes the file and calls create again.
func (d *targetDir) exclusively(
	name string, create func() error, keep func(fs.FileInfo) bool,
) error {
	if d.createdHere {
		err := create()
		if errors.Is(err, fs.ErrExist) {
			err = d.collision(name)
		}
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	err := create()
	if errors.Is(err, fs.ErrExist) {
		there, err := d.root.Lstat(name)
		if err != nil {
			return err
		}
		ours, err := d.hasCreated(name, there)
		switch {
		case err != nil:
			return err
		case ours:
			return d.collision(name)
		case keep != nil && keep(there):
			return cmp.Or(d.noteCreated(name, there), errThere)
		}
		if d.keepOld {
			return fs.ErrExist
		}
		if err := d.remove(name); err != nil {
			return err
		}
		if err := create(); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	now, err := d.root.Lstat(name)
	if err != nil {
		return err
	}
	return d.noteCreated(name, now)
}

// remove removes what has the name of an entry.
func (d *targetDir) remove(name string) error {
	err := d.root.Remove(name)
	if osfile.IsNotEmpty(err) { // which is an fs.ErrExist, too
		return ErrDirInTheWay
	}
	return err
}

// hasCreated reports whether this run has created the file name in the directory.
func (d *targetDir) hasCreated(name string, fi fs.FileInfo) (bool, error) {
	if len(d.created) == 0 {
		return false, nil
	}
	id, err := osfile.Identify(d.root, name, fi)
	return d.created[id], err
}

// noteCreated records a file that this run has created in the directory.
func (d *targetDir) noteCreated(name string, fi fs.FileInfo) error {
	if d.created == nil {
		d.created = map[osfile.Identity]bool{}
	}
	id, err := osfile.Identify(d.root, name, fi)
	d.created[id] = true
	return err
}

// collision returns the error for a name that another entry has taken.
func (d *targetDir) collision(name string) error {
	return fmt.Errorf("%w: %s is there already", format.ErrCollision, format.Printable(name))
}
