package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
)

// makeIndex makes the index of the archive name, which f has open.
func (e *entry) makeIndex(ctx context.Context, name string, f *os.File, o *Options) error {
	_, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{
		Sidecar: filepath.Join(e.dir, indexName), Workers: o.Workers, Progress: o.Progress})
	if err != nil {
		return e.failed("indexed", name, err)
	}
	return e.finishAs(name, f)
}

// makeArchive converts the file f with the name name. If the disk is full, it removes the entries
// that are not in use and tries again.
func (c *Cache) makeArchive(
	ctx context.Context, e *entry, name string, f *os.File, o *Options,
) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if e.temporary {
		e.id = identityOf(fi)
	}
	c.evict(fi.Size())
	err = e.convert(ctx, name, f, o)
	if isFull(err) && c.evictAll() {
		if _, err = f.Seek(0, 0); err == nil {
			err = e.convert(ctx, name, f, o)
		}
	}
	if err != nil {
		return e.failed("converted", name, err)
	}
	return e.finishAs(name, f)
}

// makeElsewhere converts a file that has no room in the directory, to a temporary entry in the
// system's directory for temporary files. It removes the entry full, and returns the one to use or
// to remove.
func (c *Cache) makeElsewhere(
	ctx context.Context, full *entry, reason error, name string, f *os.File, o *Options,
) (*entry, error) {
	e, err := elsewhere()
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		return full, errors.Join(reason, err)
	}
	if err := full.remove(); err != nil {
		return e, err
	}
	o.notice(fmt.Errorf("%s: %w: converting it again, for this time only: %s is full", name,
		ErrConverting, c.Dir))
	return e, c.makeArchive(ctx, e, name, f, o)
}

func isFull(err error) bool {
	return osfile.IsFull(err)
}

// maxProblems is how many of the entries that are refused get a notice of their own.
const maxProblems = 10

func (e *entry) convert(ctx context.Context, name string, f *os.File, o *Options) error {
	more := int64(0)
	res, err := convert.Convert(ctx, f, filepath.Join(e.dir, archiveName), convert.Options{
		Workers: o.Workers, Progress: o.Progress,
		Notice: func(err error) { o.notice(fmt.Errorf("%s: %w", name, err)) },
		Problem: func(p *format.Problem) {
			if p.Path != "" && more < format.MaxProblems {
				e.note.RefusedPaths = append(e.note.RefusedPaths, []byte(p.Path))
			}
			switch {
			case o.Problem != nil:
				o.Problem(p)
			case more < maxProblems:
				o.notice(fmt.Errorf("%s: %w", name, p))
			}
			more++
		},
	})
	if err != nil {
		return err
	}
	if more -= maxProblems; more > 0 && o.Problem == nil {
		o.notice(fmt.Errorf("%s: %s %w as well", name,
			count.Of(more, "entry was", "entries were"), ErrLeftOut))
	}
	e.note.Refused = res.Refused
	return nil
}

// finishAs makes the entry complete, if its source has not changed since.
func (e *entry) finishAs(name string, f *os.File) error {
	if !e.id.isStill(f) {
		return fmt.Errorf("%s: %w", name, format.ErrChanged)
	}
	if err := filepath.WalkDir(e.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	}); err != nil {
		return e.failed("kept", name, err)
	}
	if abs, err := filepath.Abs(name); err == nil {
		e.note.Source = abs
	}
	if err := e.finish(); err != nil {
		return e.failed("kept", name, err)
	}
	return nil
}

// failed returns the error of an entry that could not be made. Names in the entry mean nothing to
// the caller, so the directory is named instead.
func (e *entry) failed(what, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && strings.HasPrefix(path.Path, e.dir) {
		return fmt.Errorf("%s: can't be %s in %s: %w", name, what, filepath.Dir(e.dir), path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: can't be %s in %s: %w", name, what, filepath.Dir(e.dir), link.Err)
	}
	if strings.HasPrefix(err.Error(), name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
