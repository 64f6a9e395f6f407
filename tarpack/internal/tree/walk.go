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
	Include  *exclude.Patterns // nil includes everything; see Tree.Include
	Special  bool              // include FIFOs and devices
	Skip     []os.FileInfo     // files not to include: the archive that is written or replaced
	IsOutput func(*Entry) bool // reports files not to include; may be nil
	Notice   func(error)       // called for what is left out
	// Failed, if set, is called for what cannot be read. If it returns true, that is left out.
	Failed func(error) bool
	// Opened, if set, is called for each directory, while it is open.
	Opened func(path string, f *os.File)
	Entry  func(Entry) error // called for everything, a directory before its content
	EndDir func() error      // called after all entries of a directory but the subdirectories
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
		if err := w.ignore(err); err != nil {
			return err
		}
		if err != nil {
			continue
		}
		if err := w.walkDir(ctx, sub); err != nil {
			return err
		}
	}
	return nil
}

// ignore returns err unless Failed takes it.
func (w *Walker) ignore(err error) error {
	if err != nil && w.Failed != nil && w.Failed(err) {
		return nil
	}
	return err
}

// List returns the entries of a directory that are to be packed, by name. It takes no references.
func (w *Walker) List(d *Dir) ([]Entry, error) {
	if d.other {
		return nil, nil
	}
	names, err := w.names(d)
	if err := w.ignore(err); err != nil {
		return nil, err
	}
	all := d.lstat(names)
	entries := make([]Entry, 0, len(names))
	for i, name := range names {
		if err := all[i].err; err != nil {
			if w.Exclude.Match(d.Tree.Rel(d.Join(name)), false) {
				continue
			}
			if err := w.ignore(err); err != nil {
				return nil, err
			}
			continue
		}
		e := Entry{Dir: d, Name: name, Info: all[i].info, Full: d.Join(name)}
		e.followed = all[i].followed
		keep, err := w.Classify(&e)
		if err != nil {
			return nil, err
		}
		if keep {
			err = d.Tree.names.suits(&e)
			if err := w.ignore(err); err != nil {
				return nil, err
			}
		}
		if keep && err == nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// names returns the sorted names of a directory that may have to be packed.
func (w *Walker) names(d *Dir) ([]string, error) {
	f, err := d.Root.Open(".")
	if err != nil {
		return nil, Error(d.Path, err)
	}
	defer f.Close()
	if w.Opened != nil {
		w.Opened(d.Path, f)
	}
	t := d.Tree
	if t.Only != "" && d.Path == t.Into {
		return []string{t.Only}, nil
	}
	if names, ok := t.names.of(t.Rel(d.Path)); ok {
		return names, nil
	}
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, Error(d.Path, err)
	}
	slices.Sort(names)
	return names, nil
}

// SkipsName reports whether a file of Skip has this name, without its directory.
func (w *Walker) SkipsName(name string) bool {
	return slices.ContainsFunc(w.Skip, func(fi fs.FileInfo) bool {
		return strings.EqualFold(fi.Name(), name)
	})
}

// Classify sets the type of an entry and reports whether to pack it.
func (w *Walker) Classify(e *Entry) (bool, error) {
	p, mode := e.Path(), e.Info.Mode()
	rel := p
	if e.Dir != nil {
		rel = e.Dir.Tree.Rel(p)
		if !e.Dir.Tree.kept.includes(w, e, rel) {
			return false, nil
		}
	}
	if w.Exclude.Match(rel, mode.IsDir()) {
		return false, nil
	}
	if e.isLoop() {
		w.Notice(fmt.Errorf("%s: a symbolic link to a directory above it: not packed",
			format.Printable(p)))
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
		return w.judge(e, rel)
	case fs.ModeDir:
		e.Typ = sidecar.TypeDir
		e.whole = w.Include.Match(rel, true)
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

// judge reports whether to pack a regular file by the verdict on it, if there is one.
func (w *Walker) judge(e *Entry, rel string) (bool, error) {
	if e.Dir == nil {
		return true, nil
	}
	v, ok := e.Dir.Tree.Verdicts[rel]
	if !ok {
		return true, nil
	}
	if !os.SameFile(v.Info, e.Info) || v.Info.Size() != e.Info.Size() ||
		!v.Info.ModTime().Equal(e.Info.ModTime()) {
		return false, Error(e.Path(), format.ErrChanged)
	}
	if v.Notice != nil {
		w.Notice(v.Notice)
	}
	return !v.Leave, nil
}
