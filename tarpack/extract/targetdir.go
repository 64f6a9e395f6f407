package extract

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

// A targetDir is a directory that is extracted into.
type targetDir struct {
	path     string // "" for the target itself
	parent   *targetDir
	name     string
	root     *os.Root     // nil until something is done in it
	borrowed bool         // the root is not ours to close
	refs     atomic.Int32 // of the walk and of batches at work

	// handle is opened when fd is called first.
	handleOnce sync.Once
	handle     *os.File
	handleErr  error

	i     int // ordinal; sidecar.Root if it is the target or only passed through
	entry sidecar.Entry
	batch *batch // what waits for its flush

	// fresh: this run has made it, so whatever is found in it this run has made as well.
	createdHere bool
	// Otherwise this is what the run has made in it. mu is held while something is made.
	mu   sync.Mutex
	made map[durable.Inode]bool

	// plain is the last mode, plus one, for which a new file was seen to have just the permissions that were asked for:
	// neither the umask nor a default ACL of the directory takes any away.
	plain atomic.Uint32
}

// release lets go of the directory. The last one closes it.
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

// writable are the permissions that a directory needs while it is extracted into.
const writable = 0o700

// make makes the directory sub in d, or takes the one that is there.
func (d *targetDir) make(sub *targetDir) error {
	if err := d.open(); err != nil {
		return err
	}
	perm := fs.FileMode(writable)
	if sub.i == sidecar.Root {
		perm = 0o777 // it stays as it is made
	}
	err := d.exclusively(sub.name, func() error { return d.root.Mkdir(sub.name, perm) }, func(there fs.FileInfo) bool { return there.IsDir() })
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
	// Its own mode, if it is to get one, comes last.
	if fi, err := sub.root.Stat("."); err == nil && sub.i != sidecar.Root && fi.Mode()&writable != writable {
		return sub.root.Chmod(".", fi.Mode().Perm()|writable)
	}
	return nil
}

// open opens the directory through the one above.
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
	// Root would follow a symbolic link, if only inside the directory above.
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

// restore gives the directory its time and, then, its mode.
func (d *targetDir) restore() error {
	if err := d.parent.open(); err != nil {
		return err
	}
	if err := d.parent.setTimeOf(d.name, d.entry.ModTime); err != nil {
		return err
	}
	return d.parent.root.Chmod(d.name, format.Permissions(d.entry.Mode))
}

// errThere is what exclusively returns when something is there that may stay.
var errThere = errors.New("it is there already")

// exclusively lets create make the name in the directory, which must fail with fs.ErrExist when there is something of that
// name. That is a collision, if it was made in this run; else it may stay if keep says so, or is removed and create called again.
func (d *targetDir) exclusively(name string, create func() error, keep func(fs.FileInfo) bool) error {
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
		if d.made[durable.InodeOf(there)] {
			return d.collision(name)
		}
		if keep != nil && keep(there) {
			d.note(there)
			return errThere
		}
		if err := d.root.Remove(name); err != nil {
			return err
		}
		if err := create(); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	now, err := d.root.Lstat(name)
	if err == nil {
		d.note(now)
	}
	return err
}

// note remembers something that this run has made in the directory.
func (d *targetDir) note(fi fs.FileInfo) {
	if d.made == nil {
		d.made = map[durable.Inode]bool{}
	}
	d.made[durable.InodeOf(fi)] = true
}

// collision is the error for a name that is taken by another entry.
func (d *targetDir) collision(name string) error {
	return fmt.Errorf("%w: %s is there already", format.ErrCollision, format.Printable(name))
}
