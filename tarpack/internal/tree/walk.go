package tree

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// Walker goes through a tree in archive order (FORMAT.md 1.1). That is a directory, its files, its
// other entries, then its subdirectories, each kind sorted by the bytes of the name.
type Walker struct {
	Exclude  *exclude.Patterns // nil excludes nothing
	Special  bool              // include FIFOs and devices
	Skip     []os.FileInfo     // files not to include: the archive that is written or replaced
	IsOutput func(*Entry) bool // reports files not to include; may be nil
	Notice   func(error)       // called for what is left out
	Entry    func(Entry) error // called for everything, a directory before its content
	EndDir   func() error      // called after all entries of a directory but the subdirectories
}

// Walk goes through a tree. It stops at the first error of Entry, EndDir or the context.
func (w *Walker) Walk(ctx context.Context, t *Tree) error {
	d, err := t.Top()
	if err != nil {
		return err
	}
	return w.walkDir(ctx, d)
}

// walkDir goes through the open directory d.
func (w *Walker) walkDir(ctx context.Context, d *Dir) error {
	d.Acquire()
	defer d.Release()
	entries, err := w.List(d)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		if c := format.Rank(a.Typ) - format.Rank(b.Typ); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	firstDir := len(entries)
	for i, e := range entries {
		if e.Typ == sidecar.TypeDir {
			firstDir = i
			break
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.Acquire()
		if err := w.Entry(e); err != nil {
			return err
		}
	}
	if err := w.EndDir(); err != nil {
		return err
	}
	for _, e := range entries[firstDir:] {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		d.Acquire()
		if err := w.Entry(e); err != nil {
			return err
		}
		sub, err := OpenDir(d, e)
		if err != nil {
			return err
		}
		if err := w.walkDir(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

// List returns the entries of a directory that are to be packed, by name. It takes no references.
func (w *Walker) List(d *Dir) ([]Entry, error) {
	f, err := d.Root.Open(".")
	if err != nil {
		return nil, Error(d.Path, err)
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return nil, Error(d.Path, err)
	}
	if t := d.Tree; t.Only != "" && d.Path == t.Into {
		names = []string{t.Only}
	}
	slices.Sort(names)
	infos, err := d.lstat(names)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(names))
	for i, name := range names {
		e := Entry{Dir: d, Name: name, Info: infos[i], Full: d.Join(name)}
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

// classify sets the type of an entry and reports whether to pack it.
func (w *Walker) classify(e *Entry) (bool, error) {
	p, mode := e.Path(), e.Info.Mode()
	if w.Exclude.Match(p, mode.IsDir()) {
		return false, nil
	}
	if err := sidecar.ValidPath(p); err != nil {
		return false, Error(p, err)
	}
	switch mode.Type() {
	case 0:
		e.Typ = sidecar.TypeFile
		for _, fi := range w.Skip {
			if os.SameFile(fi, e.Info) {
				if !format.IsTempName(e.Name) { // temporary files are not mentioned
					w.Notice(fmt.Errorf("%s: is the archive being written or replaced: not packed",
						format.Printable(p)))
				}
				return false, nil
			}
		}
		if w.IsOutput != nil && w.IsOutput(e) {
			if !format.IsTempName(e.Name) {
				w.Notice(fmt.Errorf("%s: is of the shard set being written or replaced: not packed",
					format.Printable(p)))
			}
			return false, nil
		}
		return true, nil
	case fs.ModeDir:
		e.Typ = sidecar.TypeDir
		return true, nil
	case fs.ModeSymlink:
		e.Typ = sidecar.TypeSymlink
		return true, nil
	case fs.ModeNamedPipe:
		e.Typ = sidecar.TypeFIFO
	case fs.ModeDevice:
		e.Typ = sidecar.TypeBlock
	case fs.ModeDevice | fs.ModeCharDevice:
		e.Typ = sidecar.TypeChar
	default:
		w.Notice(fmt.Errorf("%s: a socket: not packed", format.Printable(p)))
		return false, nil
	}
	if !w.Special {
		w.Notice(fmt.Errorf("%s: a %s: %w", format.Printable(p), e.Typ, format.ErrSpecial))
	}
	return w.Special, nil
}
