package archives

import (
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/archives/textindex"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/tarpack/text"
)

// Folder is a folder in an archive.
type Folder struct {
	Mount   int
	Source  int
	Ordinal int
}

// Mounted returns the mounts, those of the longest paths first.
func (v *View) Mounted() []Mount { return v.set.mounts }

// IsAbove reports whether a path leads to a mount.
func (v *View) IsAbove(path string) bool { return v.set.above[path] }

// HasDirs reports whether mounts have directories of plain files.
func (v *View) HasDirs() bool { return v.set.plain }

// InDirs reports whether a directory has a path that is asked before the directory d of the mount
// m: one of earlier mounts, or an earlier one of m.
func (v *View) InDirs(path string, m, d int) bool {
	s := v.set
	for k := 0; s.plain && k <= m && k < len(s.mounts); k++ {
		rest, ok := paths.Below(s.mounts[k].Path, path)
		if !ok {
			continue
		}
		dirs := s.mounts[k].Dirs
		if k == m {
			dirs = dirs[:d]
		}
		for _, d := range dirs {
			if _, err := d.Stat(rest); err == nil {
				return true
			}
		}
	}
	return false
}

// OneArchive reports whether all that is below a mount is in its one archive. There is no mount
// below it or above it.
func (v *View) OneArchive(path string) bool { return v.set.oneArchive(path) }

// Live returns what is known of a directory that is followed, or nil if it is not.
func (v *View) Live(dir *plain.Dir) *LiveDir { return v.set.lives[dir] }

// Hidden returns what reports the paths that are hidden from everybody; nil if none are.
func (v *View) Hidden() func(path string) bool { return v.library.hidden }

// Nested reports whether archives are looked for among plain files.
func (v *View) Nested() bool { return v.library.nest != nil }

// NestedIn reports whether archives are looked for in a directory.
func (v *View) NestedIn(dir *plain.Dir) bool {
	return v.library.nest != nil && dir == v.library.fallback
}

// LookInto looks for nested archives in folders, and in those that they are in. What is answered
// from now on depends on what was found.
func (v *View) LookInto(folders ...string) {
	if v.library.nest != nil && v.follows(v.library.discoverAll(folders)) {
		v.renew()
	}
}

// Archive returns the archive with a number, as in Mount.Sources and plan.Node.Source.
func (v *View) Archive(source int) *Archive { return v.set.sources[source] }

// Far reports whether to look something up may take a request to a server.
func (v *View) Far() bool {
	for _, a := range v.set.sources {
		if a.far {
			return true
		}
	}
	return false
}

// Proof returns what has shown that an archive is what its index says. Touch must have returned the
// archive before.
func (v *View) Proof(source int) *guard.Proof { return v.noted(source).proof }

// Directories returns the folders of archives that path names, in the order in which they are
// asked.
func (v *View) Directories(path string) ([]Folder, error) {
	s := v.set
	var dirs []Folder
	for m := range s.mounts {
		rest, ok := paths.Below(s.mounts[m].Path, path)
		if !ok {
			continue
		}
		if s.mounts[m].Pending {
			return nil, ErrPending
		}
		for _, i := range s.mounts[m].Sources {
			a, err := v.Touch(i)
			if err != nil {
				return nil, err
			}
			k, dir, err := a.Directory(rest)
			if err != nil {
				return nil, err
			}
			if dir {
				dirs = append(dirs, Folder{m, i, k})
			}
		}
	}
	return dirs, nil
}

// Far reports whether to look something up may take a request to a server.
func (a *Archive) Far() bool { return a.far }

// HasText reports whether a text index of an archive would be used. It is not signed, so that of a
// signed archive is not. Archives of the caller, archives on servers, and what was converted lie in
// no file that one could lie beside.
func (a *Archive) HasText() bool {
	return text.Supported && !a.shared && !a.remote && a.origin == nil && a.tar.Signed() == nil
}

// Text returns the text index, which is used if HasText reports true.
func (a *Archive) Text() *textindex.File { return a.text }

// Unchanged reports whether the archive is the same as when it had a proof.
func (a *Archive) Unchanged(proof *guard.Proof) bool {
	return a.guard.Check(proof, 0, a.tar.Size()) == nil
}
