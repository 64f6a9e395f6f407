package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// Errors of Compare, for a folder.
var (
	ErrNoFolder = errors.New("there is no such folder")
	ErrMixed    = errors.New("the folder is not of one archive alone")
)

// ErrBusyComparing means that comparing takes too long, or that others are being compared.
var ErrBusyComparing = errors.New("comparing takes too long: try again in a moment, or " +
	"choose smaller folders")

// comparing limits how many folders are compared at the same time. Each keeps a processor busy.
var comparing = turns.Half()

// compareTime is how long comparing may take, with the wait for others. Archives of a million
// entries take about a second.
const compareTime = 15 * time.Second

// Comparison is how two folders differ. It may be used until the View is released.
type Comparison struct {
	*differences
	v     *View
	sides [2]side
}

// side is a folder that is compared.
type side struct {
	path   string // from the root of the server, without symbolic links
	mount  string
	source int
	rest   string // the path in the archive
	dir    int    // its ordinal
	a      *archive
	omit   *contents.Omission
}

// A SideError is an error of one of two folders.
type SideError struct {
	Path string
	Err  error
}

func (e *SideError) Error() string { return fmt.Sprintf("/%s: %v", e.Path, e.Err) }

// Unwrap returns the error.
func (e *SideError) Unwrap() error { return e.Err }

// Compare compares two folders as tarpack.Compare does. Each must be of one archive: others are a
// SideError. What hidden reports true for is in neither.
func (v *View) Compare(old, new string, hidden func(string) bool) (*Comparison, error) {
	c := &Comparison{v: v}
	for _, path := range []string{old, new} {
		if slices.Contains(strings.Split(path, "/"), "..") { // no folder is looked into by such a path
			return nil, &SideError{path, ErrNoFolder}
		}
	}
	if v.library.nest != nil && v.library.discover(new, true) {
		v.renew()
	}
	for i, path := range []string{old, new} {
		s, err := v.side(path, v.hiding(hidden))
		if errors.Is(err, ErrNoFolder) || errors.Is(err, ErrMixed) {
			return nil, &SideError{path, err}
		}
		if err != nil {
			return nil, err
		}
		c.sides[i] = s
	}
	var err error
	c.differences, err = v.library.comparisons.Get(compareKey{v.sideKey(&c.sides[0]),
		v.sideKey(&c.sides[1])}, v.Context, c.compute)
	return c, err
}

// CanCompare reports whether a folder is of one archive, so that it can be compared.
func (v *View) CanCompare(path string, hidden func(string) bool) (bool, error) {
	_, err := v.side(path, v.hiding(hidden))
	if errors.Is(err, ErrNoFolder) || errors.Is(err, ErrMixed) {
		return false, nil
	}
	return err == nil, err
}

// side finds the folder at a path.
func (v *View) side(path string, hidden func(string) bool) (s side, err error) {
	_, end, err := symlink.Resolve(viewLinks{v}, v.set.root(path), path, true)
	if err != nil {
		return s, v.orNoFolder(err)
	}
	for _, p := range []string{path, end} {
		if hidden != nil && p != "" && (hidden(p) || hidden(p+"/")) {
			return s, ErrNoFolder
		}
	}
	n, _, err := v.find(end)
	if err != nil {
		return s, err
	}
	dirs, err := v.directories(end)
	switch {
	case err != nil:
		return s, err
	case n.Kind != plan.Dir:
		return s, ErrNoFolder
	case len(dirs) != 1 || v.hasMore(end):
		return s, ErrMixed
	}
	mixed, err := v.hasPlain(end, hidden)
	if err != nil || mixed {
		return s, errors.Join(err, ErrMixed)
	}
	s = side{path: end, mount: v.set.mounts[dirs[0].mount].path, source: dirs[0].source,
		dir: dirs[0].ordinal, a: v.set.sources[dirs[0].source]}
	s.rest, _ = paths.Below(s.mount, end)
	s.omit, err = s.a.Omit(v.library.hidden, s.mount)
	return s, err
}

// orNoFolder returns ErrNoFolder for links that lead nowhere.
func (v *View) orNoFolder(err error) error {
	for _, none := range []error{symlink.ErrLoop, symlink.ErrOutside, fs.ErrNotExist} {
		if errors.Is(err, none) {
			return ErrNoFolder
		}
	}
	return err
}

// hasMore reports whether something is mounted below a folder.
func (v *View) hasMore(path string) bool {
	for _, m := range v.set.mounts {
		if rest, ok := paths.Below(path, m.path); ok && rest != "" {
			return true
		}
	}
	return false
}

// compute walks over both folders.
func (c *Comparison) compute(ctx context.Context) (*differences, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, compareTime, ErrBusyComparing)
	defer cancel()
	if err := comparing.Take(ctx); err != nil {
		return nil, err
	}
	defer comparing.Done()
	var sides [2]tarpack.Side
	for i := range c.sides {
		s := &c.sides[i]
		sides[i] = tarpack.Side{Archive: s.a.tar, Dir: s.dir, Skip: s.omit.Skips()}
	}
	var g gatherer
	if err := tarpack.CompareFolders(ctx, sides[0], sides[1], g.add); err != nil {
		return nil, err
	}
	return g.finish(), nil
}

// Path returns the path of a side, 0 or 1, from the root of the server.
func (c *Comparison) Path(side int) string { return c.sides[side].path }

// Title returns the title of the archive of a side.
func (c *Comparison) Title(side int) string { return c.sides[side].a.title() }

// HasFolder reports whether a side has a folder that is not hidden.
func (c *Comparison) HasFolder(side int, path string) (bool, error) {
	s := &c.sides[side]
	i, dir, err := s.a.Directory(paths.Join(s.rest, path))
	return dir && !(i >= 0 && s.omit.LeavesOut(i)), err
}

// Diff is a row of a Comparison.
type Diff struct {
	Kind     DiffKind
	Path     string // relative to the folders; that in the new one if both have one
	Other    string // of a move: the other path
	What     []string
	Old, New *sidecar.Entry // nil if there is none
}

// Name returns the last name of the path.
func (d *Diff) Name() string { return path.Base(d.Path) }

// row returns change k.
func (c *Comparison) row(k int) (d Diff, err error) {
	ch := &c.changes[k]
	d.Kind, d.What = ch.kind, ch.words()
	if ch.new >= 0 {
		d.Path, d.New, err = c.entry(1, int(ch.new))
	}
	if ch.old >= 0 && err == nil {
		d.Path, d.Old, err = c.entry(0, int(ch.old))
	}
	if ch.pair >= 0 && err == nil {
		other := &c.changes[ch.pair]
		if ch.kind == Moved {
			d.Other, d.Old, err = c.entry(0, int(other.old))
		} else {
			d.Other, d.New, err = c.entry(1, int(other.new))
		}
	}
	return d, err
}

// entry returns an entry of a side and its path relative to the folder.
func (c *Comparison) entry(side, i int) (string, *sidecar.Entry, error) {
	s := &c.sides[side]
	p, err := s.a.Index.Path(i)
	if err != nil {
		return "", nil, s.a.Wrap(err)
	}
	e, err := s.a.Index.Entry(i)
	if s.rest != "" {
		p = strings.TrimPrefix(p, s.rest+"/")
	}
	return p, &e, s.a.Wrap(err)
}
