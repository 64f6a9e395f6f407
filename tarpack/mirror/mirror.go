package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
)

// staging is the name of the hidden directory for what is extracted.
var staging = format.TempName("extract")

// Update brings the directory dir, which is created if it is missing, up to date with an archive.
// Problems of single entries are in the result, as those of extract.Extract; what such an entry was
// before stays.
//
// The error wraps ErrOther if the directory has anything else, and is then the first of them in the
// order of their names. After any error the directory may be partly up to date, and the next Update
// continues. Nothing outside the directory is changed.
func Update(
	ctx context.Context, a *tarpack.Archive, dir string, o Options,
) (res Result, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return res, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return res, err
	}
	defer root.Close()
	if err := checkStaging(a); err != nil {
		return res, err
	}
	u := &updater{a: a, root: root, o: o, dir: dir}
	if u.o.Workers <= 0 {
		u.o.Workers = runtime.GOMAXPROCS(0)
	}
	if err := root.RemoveAll(staging); err != nil { // of a run that was stopped
		return res, err
	}
	if err := u.findOther(ctx); err != nil {
		return res, err
	}
	if err := u.compare(ctx); err != nil {
		return res, err
	}
	err = u.replace(ctx)
	return u.res, err
}

// Check returns the error that Update would begin with, and changes nothing: that something else
// than a directory is there, or in it what is in neither archive. Of the archive only the index is
// read.
func Check(ctx context.Context, a *tarpack.Archive, dir string, o Options) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return checkStaging(a)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if err := checkStaging(a); err != nil {
		return err
	}
	return (&updater{a: a, root: root, o: o, dir: dir}).findOther(ctx)
}

func checkStaging(a *tarpack.Archive) error {
	_, ok, err := a.Index().Lookup(staging)
	if err == nil && ok {
		err = fmt.Errorf("%s: %w: the name is reserved", staging, format.ErrRefused)
	}
	return err
}

// An updater is one run of Update.
type updater struct {
	a    *tarpack.Archive
	root *os.Root
	dir  string
	o    Options
	res  Result

	gone    []string // paths that are to be removed, each after its directory
	dirs    []entry  // directories of the archive, each after the one above it
	changed []string // paths of other entries that are to be extracted
	adjust  []entry  // files of which only mode or time differ
}

// An entry is one of the archive, as it is to be in the directory.
type entry struct {
	path  string
	mode  fs.FileMode // permissions
	mtime int64       // seconds since 1970
}

// findOther lists what the archive lacks.
func (u *updater) findOther(ctx context.Context) error {
	other, first := 0, ""
	err := u.walk(ctx, "", func(name string) (bool, error) {
		if name == staging { // of a run that was stopped
			return false, nil
		}
		_, ok, err := u.a.Index().Lookup(name)
		if err != nil || ok {
			return true, err
		}
		u.gone = append(u.gone, name)
		if u.o.Delete {
			return true, nil
		}
		if u.o.Former != nil {
			if _, ok, err := u.o.Former.Lookup(name); err != nil || ok {
				return true, err
			}
		}
		if other++; other == 1 {
			first = name
		}
		return false, nil
	})
	if err != nil || other == 0 {
		return err
	}
	err = fmt.Errorf("%s: %w", format.Printable(path.Join(u.dir, first)), ErrOther)
	if other > 1 {
		err = fmt.Errorf("%w, and %d more", err, other-1)
	}
	return err
}

// walk calls visit for everything below a directory, in the order of their paths. visit returns
// whether to go into a directory. Package fs refuses names that are not UTF-8.
func (u *updater) walk(
	ctx context.Context, dir string, visit func(name string) (bool, error),
) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f, err := u.root.Open(cmp.Or(dir, "."))
	if err != nil {
		return err
	}
	list, err := f.ReadDir(-1)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	for _, d := range list {
		name := path.Join(dir, d.Name())
		into, err := visit(name)
		if err == nil && into && d.IsDir() {
			err = u.walk(ctx, name, visit)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// replace extracts what has changed, renames it to its place, and removes what is gone.
func (u *updater) replace(ctx context.Context) (err error) {
	if len(u.changed) > 0 {
		if err := u.root.Mkdir(staging, 0o700); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, u.root.RemoveAll(staging)) }()
		if err := u.extract(ctx); err != nil {
			return err
		}
	}
	if err := u.makeDirs(); err != nil {
		return err
	}
	for _, name := range u.changed {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := u.place(name); err != nil {
			return err
		}
	}
	for k := len(u.gone) - 1; k >= 0; k-- {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := u.remove(u.gone[k]); err != nil {
			return err
		}
	}
	if err := u.adjustAll(); err != nil {
		return err
	}
	return u.sync(u.root)
}

// extract extracts what has changed into the hidden directory, and makes it durable.
func (u *updater) extract(ctx context.Context) error {
	sub, err := u.root.OpenRoot(staging)
	if err != nil {
		return err
	}
	defer sub.Close()
	res, err := extract.Into(ctx, u.a, sub, extract.Options{
		Paths: u.changed, Special: u.o.Special, Workers: u.o.Workers, Problem: u.o.Problem,
		Progress: u.o.Progress})
	u.res.Failed = res.Failed
	if err != nil {
		return err
	}
	return u.sync(sub)
}
