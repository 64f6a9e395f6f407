package browse

import (
	"cmp"
	"io/fs"
	"slices"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plain"
)

// MaxPlain is how many plain files and folders a search looks at. There is no index of them, and to
// read so many takes 20 to 40 ms.
const MaxPlain = 20_000

// plainItem is a plain file that matches.
type plainItem struct {
	Item
	dir *plain.Dir
}

// walk looks at the plain files, notes those that match, and opens the packs that it meets.
func (s *searcher) walk() error {
	s.walked = true
	left := MaxPlain
	var packs []string
	var outage error
	for _, m := range s.v.Mounted() {
		for _, d := range m.Dirs {
			if l := s.v.Live(d); l != nil {
				if err := s.walkLive(l, d, m.Path); err != nil {
					return err
				}
				continue
			}
			all, err := d.Walk("", left, func(path, dir string, e fs.DirEntry) (enter bool) {
				left--
				if e.Name() == paths.PackName && s.v.NestedIn(d) {
					packs = append(packs, dir)
				}
				path = paths.Join(m.Path, path)
				if s.o.Hidden(path) || e.IsDir() && s.o.Hidden(path+"/") {
					return false
				}
				if _, inside := paths.Below(s.dir, path); !inside || path == s.dir {
					_, towards := paths.Below(path, s.dir)
					return e.IsDir() && towards
				}
				if _, ok := s.m.Match(path); ok {
					shown, err := (&plainEntry{e, d, m.Path}).answered(path, s.o.Hidden)
					if err != nil || !shown {
						outage = cmp.Or(outage, err)
						return e.IsDir()
					}
					if ch, ok := plainChild(e); ok {
						s.plain = append(s.plain, plainItem{ch.plainItem(path), d})
					}
				}
				return e.IsDir()
			})
			s.list.Incomplete = s.list.Incomplete || !all
			if err = cmp.Or(err, outage); err != nil {
				return err
			}
		}
	}
	if len(packs) > 0 {
		s.v.LookInto(packs...)
	}
	return nil
}

// place returns where a directory is: its number in its mount, and the mount's number.
func (v *View) place(dir *plain.Dir) (m, d int) {
	mounts := v.Mounted()
	for m := range mounts {
		if d := slices.Index(mounts[m].Dirs, dir); d >= 0 {
			return m, d
		}
	}
	return len(mounts), 0
}
