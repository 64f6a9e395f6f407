package mirror

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// compare finds what differs from the archive.
func (u *updater) compare(ctx context.Context) error {
	var mu sync.Mutex
	g, running := errgroup.WithContext(ctx)
	g.SetLimit(u.o.Workers)
	differs := map[int]bool{} // ordinals
	index := u.a.Index()
	type other struct {
		ordinal int
		entry
	}
	var files []other
	for row, err := range index.All(0, index.Len()) {
		if err != nil {
			return err
		}
		if running.Err() != nil {
			break
		}
		e, i := row.Entry, row.Ordinal
		here := entry{string(row.Path), format.Permissions(e.Mode), e.ModTime}
		if e.Type == sidecar.TypeDir {
			u.dirs = append(u.dirs, here)
			continue
		}
		files = append(files, other{i, here})
		if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
			same, err := u.sameOther(here.path, i, &e)
			if err != nil {
				return errors.Join(err, g.Wait())
			}
			if !same {
				mu.Lock()
				differs[i] = true
				mu.Unlock()
			}
			continue
		}
		g.Go(func() error {
			same, err := u.sameFile(running, here.path, i, &e)
			if err != nil {
				return err
			}
			if !same {
				mu.Lock()
				defer mu.Unlock()
				differs[i] = true
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, f := range files {
		if differs[f.ordinal] {
			u.changed = append(u.changed, f.path)
		} else {
			u.adjust = append(u.adjust, f.entry)
		}
	}
	return context.Cause(ctx)
}

// isMissing reports whether an error means that there is nothing of a name.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || osfile.Is(err, syscall.ENOTDIR)
}

// stat is Lstat of a path, whose directories must not be symbolic links. It returns nil if there is
// nothing.
func (u *updater) stat(name string) (fs.FileInfo, error) {
	for k := range name {
		if name[k] != '/' {
			continue
		}
		if fi, err := u.root.Lstat(name[:k]); isMissing(err) || err == nil && !fi.IsDir() {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	fi, err := u.root.Lstat(name)
	if isMissing(err) {
		return nil, nil
	}
	return fi, err
}

// sameOther compares a symbolic link, a FIFO or a device.
func (u *updater) sameOther(name string, i int, e *sidecar.Entry) (bool, error) {
	fi, err := u.stat(name)
	if err != nil || fi == nil {
		return false, err
	}
	if fi.ModTime().Unix() != e.ModTime || fi.Mode().Type() != format.FileMode(e).Type() {
		return false, nil
	}
	if e.Type != sidecar.TypeSymlink {
		return e.Type == sidecar.TypeFIFO, nil // the numbers of a device are not compared
	}
	want, err := u.a.Index().Link(i)
	if err != nil {
		return false, err
	}
	link, err := u.root.Readlink(name)
	return link == want, err
}

// sameFile reports whether a regular file has the content of file or hard link i.
func (u *updater) sameFile(
	ctx context.Context, name string, i int, e *sidecar.Entry,
) (bool, error) {
	fi, err := u.stat(name)
	if err != nil || fi == nil || !fi.Mode().IsRegular() || fi.Size() != e.Size {
		return false, err
	}
	f, err := u.root.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if errors.Is(err, fs.ErrPermission) || isMissing(err) {
		return false, nil // a new one takes its place
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, fi) {
		return false, err
	}
	hash, sum := xxhash.New(), sha256.New()
	w := io.Writer(hash)
	if u.a.Index().HasSHA256() {
		w = io.MultiWriter(hash, sum)
	}
	if _, err := io.Copy(w, output.ContextReader{Ctx: ctx, R: f}); err != nil {
		return false, err
	}
	if hash.Sum64() != e.Hash || !u.a.Index().HasSHA256() {
		return hash.Sum64() == e.Hash, nil
	}
	want, err := u.a.Index().SHA256(i)
	return sidecar.Sum(sum.Sum(nil)) == want, err
}
