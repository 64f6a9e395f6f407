package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// kind is what an entry holds.
type kind string

const (
	kindIndex   kind = "index"
	kindArchive kind = "archive"
)

const (
	lockSuffix  = ".lock"
	noteName    = "entry.json"
	indexName   = "index" + format.SidecarSuffix
	archiveName = "archive.tar.gz"
)

// errUnusable means that the directory can't be used.
var errUnusable = errors.New("the cache can't be used")

// entry is an entry that this process has locked. If it is not complete, the lock is exclusive.
type entry struct {
	dir       string
	kind      kind
	lock      *os.File // nil for a temporary directory elsewhere
	complete  bool
	temporary bool // it is removed as soon as it is open
	note      note
	id        identity // of the source
}

// note is the content of entry.json.
type note struct {
	Source  string `json:"source"`  // name of the file, for people who look
	Refused int64  `json:"refused"` // entries that the conversion has refused
	// RefusedPaths are bytes, as they need not be UTF-8.
	RefusedPaths [][]byte `json:"refused_paths,omitempty"`
}

// entryOf returns the locked entry of a file. If another process makes it, entryOf waits. The error
// is ErrSlow with o.Quick if the entry is not complete.
func (c *Cache) entryOf(ctx context.Context, f *os.File, k kind, o *Options) (*entry, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	id, ok, err := settled(ctx, f)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w: the file's times don't show whether it changes", errUnusable)
	}
	e := &entry{dir: filepath.Join(c.Dir, id.key(k)), kind: k, id: id}
	waited := false
	for tries := 0; ; tries++ {
		free, err := e.tryLock()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", errUnusable, err)
		case free && (e.complete || !o.Quick):
			return e, nil
		case free:
			return nil, errors.Join(ErrSlow, e.remove())
		case o.Quick:
			return nil, ErrSlow
		case tries*int(pause) > int(time.Second) && !waited:
			waited = true
			o.notice(fmt.Errorf("%s: waiting for another process that makes the same entry of %s",
				f.Name(), c.Dir))
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// has reports whether the cache holds the converted file. It is faster than recognizing the file,
// which can take a tenth of a second.
func (c *Cache) has(fi fs.FileInfo) bool {
	if c.Dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(c.Dir, identityOf(fi).key(kindArchive), noteName))
	return err == nil
}

// pause is the time between two attempts to lock an entry that another process makes.
const pause = 50 * time.Millisecond

// prepare creates the directory. The error is errUnusable if others could put something there.
func (c *Cache) prepare() error {
	if c.Dir == "" {
		return fmt.Errorf("%w: there is no directory for it", errUnusable)
	}
	if err := durable.PrivateDir(c.Dir); err != nil {
		return fmt.Errorf("%w: %w", errUnusable, err)
	}
	return nil
}

// tryLock locks the entry, shared if it is complete, and else exclusively. It returns false if
// another process is making or removing it.
func (e *entry) tryLock() (ok bool, err error) {
	name := e.dir + lockSuffix
	e.lock, err = osfile.OpenFile(name, os.O_RDWR|os.O_CREATE|osfile.NoFollow, 0o600)
	if err != nil {
		return false, err
	}
	defer func() {
		if !ok {
			e.lock.Close()
		}
	}()
	for _, kind := range []osfile.Lock{osfile.Shared, osfile.Exclusive} {
		locked, err := osfile.TryLock(e.lock, kind)
		switch {
		case err != nil:
			return false, &fs.PathError{Op: "lock", Path: name, Err: err}
		case !locked:
			return false, nil
		case !durable.LeadsTo(name, e.lock):
			return false, nil // it was removed meanwhile
		}
		if e.complete = e.readNote(); e.complete {
			now := time.Now()
			return true, os.Chtimes(name, now, now)
		}
	}
	// A killed process may have left files.
	if err := os.RemoveAll(e.dir); err != nil {
		return false, err
	}
	return true, os.Mkdir(e.dir, 0o700)
}

// temporary returns an entry that only this process finds: in the directory, or else in the
// system's directory for temporary files. need is how many bytes it may take.
func (c *Cache) temporary(need int64) (*entry, error) {
	e := &entry{kind: kindArchive, temporary: true}
	if c.prepare() == nil && c.makeRoom(need) {
		dir, err := os.MkdirTemp(c.Dir, durable.CacheOnce+"*")
		if err == nil {
			e.dir = dir
			if ok, err := e.tryLock(); ok && err == nil {
				return e, nil
			}
			e.lock = nil
			_ = os.RemoveAll(dir)
		}
	}
	return elsewhere()
}

// elsewhere returns a temporary entry in the system's directory for temporary files.
func elsewhere() (*entry, error) {
	dir, err := os.MkdirTemp("", "tpk-*")
	return &entry{dir: dir, kind: kindArchive, temporary: true}, err
}

// remove removes the entry and releases its lock, which must be exclusive.
func (e *entry) remove() error {
	err := os.RemoveAll(e.dir)
	if e.lock != nil {
		err = errors.Join(err, os.Remove(e.lock.Name()), e.lock.Close())
	}
	return err
}

// readNote reads entry.json. It returns false if the entry is not complete.
func (e *entry) readNote() bool {
	b, err := os.ReadFile(filepath.Join(e.dir, noteName))
	return err == nil && json.Unmarshal(b, &e.note) == nil
}

// finish makes the entry complete. Its other files are on the disk.
func (e *entry) finish() error {
	b, err := json.Marshal(e.note)
	if err != nil {
		return err
	}
	temp := filepath.Join(e.dir, "."+noteName)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := osfile.Rename(temp, filepath.Join(e.dir, noteName)); err != nil {
		return err
	}
	return errors.Join(durable.SyncDir(e.dir), durable.SyncDir(filepath.Dir(e.dir)))
}

// open opens the archive of a complete entry, or the archive name with the index of one.
func (e *entry) open(ctx context.Context, name string, o *Options) (*Archive, error) {
	a := &Archive{lock: e.lock, Converted: e.kind == kindArchive, Refused: e.note.Refused}
	for _, path := range e.note.RefusedPaths {
		a.RefusedPaths = append(a.RefusedPaths, string(path))
	}
	archive, index := name, filepath.Join(e.dir, indexName)
	if a.Converted {
		archive = filepath.Join(e.dir, archiveName)
		index = archive + format.SidecarSuffix
	}
	var err error
	with := &tarpack.OpenOptions{RequireSidecar: true, Sidecar: index, Name: name, Notice: o.Notice}
	with.CheckIndex = o.CheckIndex
	if o.Trust != nil {
		with.Trust, with.LoadIndex = o.Trust, o.LoadIndex
	}
	a.Archive, err = tarpack.Open(ctx, archive, with)
	if err == nil {
		if a.Sidecar, err = osfile.OpenFile(index, os.O_RDONLY, 0); err != nil {
			err = errors.Join(err, a.Archive.Close())
		}
	}
	switch {
	case err != nil: // it is damaged, and of no use
		if !strings.HasPrefix(err.Error(), name+": ") {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return nil, errors.Join(err, e.removeUnused())
	case e.temporary:
		a.lock = nil
		return a, e.remove()
	case e.complete && e.note.Refused > 0:
		o.notice(fmt.Errorf("%s: %s %w when it was converted", name,
			count.Of(e.note.Refused, "entry was", "entries were"), ErrLeftOut))
	}
	if !e.complete { // Others may use it now. If an eviction comes first, the open files stay.
		_, _ = osfile.TryLock(e.lock, osfile.Shared)
	}
	return a, nil
}

// removeUnused removes the entry if no other process uses it, and releases its lock.
func (e *entry) removeUnused() error {
	if e.lock != nil && durable.LockFile(e.lock) != nil {
		return e.lock.Close()
	}
	return e.remove()
}
