package archives

import (
	"io/fs"
	"time"
)

// MaxPlain is how many plain files and folders a search looks at. There is no index of them, and to
// read so many takes 20 to 40 ms.
const MaxPlain = 20_000

// walk looks at the plain files, notes those that match, and opens the packs that it meets.
func (s *searcher) walk() error {
	s.walked = true
	var packs []string
	all, err := s.v.set.fallback.Walk("", MaxPlain,
		func(path, dir string, e fs.DirEntry) (enter bool) {
			if s.v.library.nest != nil && e.Name() == PackName {
				packs = append(packs, dir)
			}
			if s.o.Hidden != nil && s.o.Hidden(path) {
				return false
			}
			if s.m.matches(path) {
				if ch, ok := plainChild(e); ok {
					s.plain = append(s.plain, ch.plainItem(path))
				}
			}
			return e.IsDir()
		})
	s.list.Incomplete = !all
	if err != nil || len(packs) == 0 || !s.v.library.discoverAll(packs) {
		return err
	}
	s.v.renew()
	return nil
}

// discoverAll looks whether the packs of folders have come, changed or gone. It returns true if the
// Set has changed.
func (l *Library) discoverAll(dirs []string) bool {
	now := time.Now()
	for _, dir := range dirs {
		l.nest.look(dir, now)
	}
	return l.heed()
}
