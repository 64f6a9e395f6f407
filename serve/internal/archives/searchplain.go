package archives

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// MaxPlain is how many plain files and directories a search looks at. To read the directories of so many takes 20 to 40 ms; there is no index of them.
const MaxPlain = 20_000

// walk looks at the plain files, notes those that match, and takes in the packs that it meets.
func (s *searcher) walk() error {
	s.watched = true
	var packs []string
	all, err := s.v.set.fallback.walk("", MaxPlain, func(path, dir string, e fs.DirEntry) (enter bool) {
		if s.v.library.nest != nil && e.Name() == PackName {
			packs = append(packs, dir)
		}
		if s.o.Hidden != nil && s.o.Hidden(path) {
			return false
		}
		if s.m.matches(path) && !s.v.isPack(path) {
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
	s.plain = slices.DeleteFunc(s.plain, func(it Item) bool { return s.v.isPack(it.Path) })
	return nil
}

// walk calls visit for what is in a directory and below, in the order of names, up to a number of entries. It is true if that was all.
func (d *plainDir) walk(dir string, limit int, visit func(path, dir string, e fs.DirEntry) (enter bool)) (all bool, err error) {
	left := limit
	var in func(dir string) error
	all = true
	in = func(dir string) error {
		entries, err := d.readSome(dir, left+1)
		if err != nil {
			return err
		}
		if len(entries) > left {
			entries, all = entries[:left], false
		}
		left -= len(entries)
		var dirs []string
		for _, e := range entries {
			if path := join(dir, e.Name()); visit(path, dir, e) {
				dirs = append(dirs, path)
			}
		}
		for _, path := range dirs {
			if err := in(path); err != nil {
				return err
			}
		}
		return nil
	}
	err = in(dir)
	return all, err
}

// readSome reads up to n entries of a directory, in the order of their names. One that is not there is empty.
func (d *plainDir) readSome(path string, n int) ([]fs.DirEntry, error) {
	f, err := d.root.Open(cmp.Or(path, "."))
	if err != nil {
		return nil, outage(err)
	}
	defer f.Close()
	entries, err := f.ReadDir(n)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, outage(err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// discoverAll looks whether the packs of directories have come, changed or gone. It is true if the library's set has changed.
func (l *Library) discoverAll(dirs []string) bool {
	now, changed := time.Now(), false
	for _, dir := range dirs {
		c, _ := l.nest.look(dir, now)
		changed = changed || c
	}
	return changed && l.reloadNested()
}
