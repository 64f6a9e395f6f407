// Package base reads the archives whose entries go into another archive: the archive that is
// changed, and those that are merged into it.
//
//	Archive ── its file, its index, the files with several names
//	  └─ Entry ── one entry: its record, its tar header, its group
//	       └─ GroupCache ── the groups that were read last
//
// Call [Open], then [Archive.Ref] for each row of the index.
package base

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
)

// An Archive is an archive whose entries are copied into a new one, or compared with what goes into
// it.
type Archive struct {
	*indexed.File
	number  int             // among the archives of a rewrite
	genuine map[uint32]bool // files with several names that are not duplicates
	groups  GroupCache
	written int64 // when the file was last written, in seconds since 1970
}

// Open opens the archive name, which is the given number of a rewrite. It checks the whole index,
// because the index of the new archive is made of it. A damaged index is rebuilt in memory.
func Open(ctx context.Context, name string, number int, o *indexed.Options) (*Archive, error) {
	x, err := indexed.Open(ctx, name, o)
	if err != nil {
		return nil, err
	}
	a := &Archive{File: x, number: number, written: math.MaxInt64}
	// The time of a device says nothing about the archive on it.
	if fi, err := x.OSFile.Stat(); err == nil && fi.Mode().IsRegular() {
		a.written = fi.ModTime().Unix()
	}
	if !x.Rebuilt {
		sound, serr := indexed.Sound(ctx, x.Index, x.Name, o, x.BuildIndex)
		if err = serr; err == nil && sound != x.Index {
			err = x.Index.Close()
			x.Index = sound
		}
	}
	if err == nil {
		err = a.FindGenuine(func(string) bool { return true })
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// IsOlderThan reports whether the file of the archive was last written in a second before modTime
// was over. A file with that time was from the future when it was packed. A copy may be later than
// the archive was, so false proves nothing.
func (a *Archive) IsOlderThan(modTime int64) bool { return a.written <= modTime }

// FindGenuine finds the files that have several names among the paths that stay. Duplicates do not
// count. If all hard links are duplicates, the index is not read.
func (a *Archive) FindGenuine(stays func(path string) bool) error {
	st := a.Index.Stats()
	if st.Hardlinks == st.Duplicates {
		return nil
	}
	names := map[uint32]int{} // links to each file that are not duplicates
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		if row.Entry.Type == sidecar.TypeHardlink && !row.Entry.Duplicate && stays(string(row.Path)) {
			names[row.Entry.Target]++
		}
	}
	a.genuine = map[uint32]bool{}
	for file, n := range names {
		path, err := a.Index.Path(int(file))
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		a.genuine[file] = n > 1 || stays(path)
	}
	return nil
}

// Duplicates counts, for each file, the hard links that replace duplicates of it.
func (a *Archive) Duplicates() (map[uint32]int, error) {
	links := map[uint32]int{}
	if a.Index.Stats().Duplicates == 0 {
		return links, nil
	}
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		if row.Entry.Duplicate {
			links[row.Entry.Target]++
		}
	}
	return links, nil
}

// AddSegments completes the item of file i with its segments, if the file has any.
func (a *Archive) AddSegments(i uint32, it *build.Item) error {
	if it.Coding != coding.Segmented {
		return nil
	}
	t, err := a.Index.Segments(int(i))
	if err != nil {
		return err
	}
	it.Shift = t.Shift
	it.Segments, err = t.AppendLengths(it.Segments)
	return err
}
