package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"sync"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// An owner is a user and a group of this system.
type owner struct{ uid, gid int }

// An ownerReader reads the owners of entries from the archive, as the index does not have them. It
// keeps the last group.
type ownerReader struct {
	x       *extractor
	off     int64 // of the member that was read
	headers map[string]format.Header
}

// read returns the owner of entry i. As in other tars, a name that this system knows counts more
// than a number.
func (r *ownerReader) read(i int, e *sidecar.Entry) (owner, error) {
	path, err := r.x.a.Index().Path(i)
	if err != nil {
		return owner{}, err
	}
	if r.headers == nil || r.off != e.Offset {
		if err := r.readGroup(e); err != nil {
			return owner{}, err
		}
	}
	h, ok := r.headers[path]
	if !ok {
		return owner{}, fmt.Errorf("%w: its header is not where the index says", format.ErrCorrupt)
	}
	return owner{r.x.ids.user(h.Uname, h.UID), r.x.ids.group(h.Gname, h.GID)}, nil
}

func (r *ownerReader) readGroup(e *sidecar.Entry) error {
	g, err := format.ReadGroup(r.x.a.Source(), e.Offset, int(e.HeaderLen))
	if err != nil {
		return err
	}
	r.off, r.headers = e.Offset, map[string]format.Header{}
	for h, err := range g.Headers() {
		if err != nil {
			r.headers = nil
			return err
		}
		r.headers[h.Path] = h.Header
	}
	return nil
}

// An idCache has the numbers of names. One lookup can take milliseconds.
type idCache struct{ users, groups sync.Map }

func (c *idCache) user(name string, id int) int {
	return cachedID(&c.users, name, id, func() (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	})
}

func (c *idCache) group(name string, id int) int {
	return cachedID(&c.groups, name, id, func() (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	})
}

// cachedID returns the number of a name on this system, or id if it has no such name.
func cachedID(m *sync.Map, name string, id int, find func() (string, error)) int {
	if name == "" {
		return id
	}
	known, ok := m.Load(name)
	if !ok {
		known = -1
		if text, err := find(); err == nil {
			if n, err := strconv.Atoi(text); err == nil {
				known = n
			}
		}
		m.Store(name, known)
	}
	if n := known.(int); n >= 0 {
		return n
	}
	return id
}

// errOwner: the file was extracted, but belongs to somebody else than in the archive.
var errOwner = errors.New("can't set its owner")

// setOwner calls chown with the owner of an entry if Options.SameOwner is set. The error wraps
// errOwner.
func (r *ownerReader) setOwner(i int, e *sidecar.Entry, chown func(uid, gid int) error) error {
	if !r.x.o.SameOwner {
		return nil
	}
	o, err := r.read(i, e)
	if err == nil {
		err = chown(o.uid, o.gid)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w to %d:%d: %w", errOwner, o.uid, o.gid, bare(err))
	}
	return fmt.Errorf("%w: %w", errOwner, bare(err))
}

// setIDs are the bits that give the rights of the owner and the group to all who run a file.
const setIDs = fs.ModeSetuid | fs.ModeSetgid

// ErrSetIDs: the file was extracted, but without its setuid or setgid bit. It would have the rights
// of another user or group than the archive gives it to.
var ErrSetIDs = errors.New(
	"its setuid or setgid bit is not restored, as its owner or group is not")

// keepSetIDs returns perm without the setuid bit if the user of the new file f is not that of the
// archive, and without the setgid bit if the group is not. bsdtar does the same. The error is
// ErrSetIDs if it removes a bit.
func (r *ownerReader) keepSetIDs(j *job, f *os.File, perm fs.FileMode) (fs.FileMode, error) {
	want, err := r.read(j.ordinal, &j.entry)
	if err != nil {
		return perm &^ setIDs, fmt.Errorf("%w: %w", ErrSetIDs, err)
	}
	fi, err := f.Stat()
	if err != nil {
		return perm &^ setIDs, fmt.Errorf("%w: %w", ErrSetIDs, bare(err))
	}
	kept, is := perm, durable.StatOf(fi)
	if !is.OnDisk || is.UID != want.uid {
		kept &^= fs.ModeSetuid
	}
	if !is.OnDisk || is.GID != want.gid {
		kept &^= fs.ModeSetgid
	}
	if kept != perm {
		return kept, ErrSetIDs
	}
	return kept, nil
}

// lchown returns a function that sets the owner of a name in the directory.
func (d *targetDir) lchown(name string) func(uid, gid int) error {
	return func(uid, gid int) error { return d.root.Lchown(name, uid, gid) }
}
