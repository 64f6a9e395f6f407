package browse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"weak"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/turns"
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

// compareTime is how long comparing may take, and how long it may wait for others before that.
// Archives of a million entries take about a second.
const compareTime = 15 * time.Second

// Comparison is how two folders differ. It may be used until the View is released.
type Comparison struct {
	changes.Comparison
	v     *View
	sides [2]side
}

// side is a folder that is compared.
type side struct {
	contents.Folder
	path   string // from the root of the server, without symbolic links
	source int
	a      *archives.Archive
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
	v.LookInto(old, new)
	for i, path := range []string{old, new} {
		s, err := v.side(path, v.Hiding(hidden))
		if errors.Is(err, ErrNoFolder) || errors.Is(err, ErrMixed) {
			return nil, &SideError{path, err}
		}
		if err != nil {
			return nil, err
		}
		c.sides[i], c.Sides[i] = s, s.Folder
	}
	var err error
	c.Changes, err = v.memory.comparisons.Get(compareKey{v.sideKey(&c.sides[0]),
		v.sideKey(&c.sides[1])}, v.Context, c.compute)
	return c, err
}

// CanCompare reports whether a folder is of one archive, so that it can be compared.
func (v *View) CanCompare(path string, hidden func(string) bool) (bool, error) {
	_, err := v.side(path, v.Hiding(hidden))
	if errors.Is(err, ErrNoFolder) || errors.Is(err, ErrMixed) {
		return false, nil
	}
	return err == nil, err
}

// side finds the folder at a path.
func (v *View) side(path string, hidden func(string) bool) (s side, err error) {
	end, err := v.Resolve(path)
	if err != nil {
		return s, v.orNoFolder(err)
	}
	for _, p := range []string{path, end} {
		if hidden != nil && p != "" && (hidden(p) || hidden(p+"/")) {
			return s, ErrNoFolder
		}
	}
	n, _, err := v.Find(end)
	if err != nil {
		return s, err
	}
	dirs, err := v.Directories(end)
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
	s = side{path: end, source: dirs[0].Source, a: v.Archive(dirs[0].Source)}
	s.Tree, s.Mount, s.Dir = &s.a.Tree, v.Mounted()[dirs[0].Mount].Path, dirs[0].Ordinal
	s.Path, _ = paths.Below(s.Mount, end)
	s.Omission, err = s.Tree.Omit(v.Hidden(), s.Mount)
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
	for _, m := range v.Mounted() {
		if rest, ok := paths.Below(path, m.Path); ok && rest != "" {
			return true
		}
	}
	return false
}

// compute walks over both folders.
func (c *Comparison) compute(ctx context.Context) (*changes.Changes, error) {
	done, err := comparing.TakeWithin(ctx, compareTime, ErrBusyComparing)
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(ctx, compareTime, ErrBusyComparing)
	defer cancel()
	var sides [2]tarpack.Side
	for i := range c.sides {
		s := &c.sides[i]
		sides[i] = tarpack.Side{Archive: s.a.Tar(), Dir: s.Dir, Skip: s.Omission.Skips()}
	}
	return changes.Find(ctx, sides[0], sides[1])
}

// Path returns the path of a side, 0 or 1, from the root of the server.
func (c *Comparison) Path(side int) string { return c.sides[side].path }

// Title returns the title of the archive of a side.
func (c *Comparison) Title(side int) string { return c.sides[side].a.Title() }

// compareKey is what a comparison depends on. It keeps no archive in memory.
type compareKey [2]sideKey

type sideKey struct {
	archive weak.Pointer[archives.Archive]
	proof   weak.Pointer[guard.Proof]
	omit    weak.Pointer[contents.Omission]
	dir     int
}

func (v *View) sideKey(s *side) sideKey {
	return sideKey{weak.Make(s.a), weak.Make(v.Proof(s.source)), weak.Make(s.Omission), s.Dir}
}
