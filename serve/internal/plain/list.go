package plain

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"slices"
)

// ReadDir returns what is in a directory, sorted by name, and the path that symbolic links led to.
// One that is not there is empty.
func (d *Dir) ReadDir(path string) (entries []fs.DirEntry, end string, err error) {
	if end, err = d.follow(path); err != nil {
		return nil, "", outage(err)
	}
	entries, err = d.readSome(end, -1)
	return entries, end, err
}

// Walk calls visit for each entry of a directory and below, sorted by name, and enters the
// directories for which visit returns true. It stops after limit entries; all reports whether it
// has visited everything. The directory "" is the root.
func (d *Dir) Walk(
	dir string, limit int, visit func(path, dir string, e fs.DirEntry) (enter bool),
) (all bool, err error) {
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
			path := e.Name()
			if dir != "" {
				path = dir + "/" + path
			}
			if visit(path, dir, e) {
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

// readSome returns up to n entries of a directory, sorted by name, or all if n is −1.
func (d *Dir) readSome(path string, n int) ([]fs.DirEntry, error) {
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
