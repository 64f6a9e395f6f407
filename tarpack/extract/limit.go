package extract

import (
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// ErrSameName: without their leading components, two entries have the same name.
var ErrSameName = errors.New("another entry has the same name without its first components")

// limit takes out of the runs what Exclude matches, and what has no name or another entry's name
// without its leading components.
func (x *extractor) limit() error {
	if x.o.Exclude == nil && x.o.StripComponents <= 0 {
		return nil
	}
	l := limiter{x: x, names: map[uint64]int{}, seed: maphash.MakeSeed()}
	var kept []run
	for _, r := range x.runs {
		skip := r.from
		for row, err := range x.a.Index().All(r.from, r.to) {
			if err != nil {
				return fmt.Errorf("%s: %w", x.a.Name(), err)
			}
			if row.Ordinal < skip {
				continue
			}
			keep, below := l.look(&row)
			if !below && row.Entry.Type == sidecar.TypeDir {
				skip = int(row.Entry.End)
			}
			if n := len(kept); !keep {
				continue
			} else if n > 0 && kept[n-1].to == row.Ordinal {
				kept[n-1].to++
			} else {
				kept = append(kept, run{row.Ordinal, row.Ordinal + 1})
			}
		}
	}
	x.runs = kept
	return nil
}

// A limiter decides on one entry after the other, in the order of the index.
type limiter struct {
	x *extractor

	dir      string // the last one that was looked at
	excluded bool   // dir is, or one above it

	seed  maphash.Seed
	names map[uint64]int // from the hash of a name to the ordinal of the entry that has it
}

// look reports whether an entry is extracted, and whether anything below it can be.
func (l *limiter) look(row *sidecar.Row) (keep, below bool) {
	path, isDir := string(row.Path), row.Entry.Type == sidecar.TypeDir
	if l.isBelowExcluded(path) || l.x.o.Exclude.Match(path, isDir) {
		return false, false
	}
	name := l.x.strip(path)
	if name == "" {
		return false, true
	}
	if l.x.o.StripComponents <= 0 {
		return true, true
	}
	if other, err := l.take(name, row.Ordinal, isDir); err != nil || other != "" {
		if err == nil {
			err = fmt.Errorf("%w: %s, from %s", ErrSameName,
				format.Printable(name), format.Printable(other))
		}
		l.x.failed.Store(row.Ordinal, true)
		l.x.problems.Add(&format.Problem{Path: path, Offset: row.Entry.Offset, Err: err})
		return false, false
	}
	return true, true
}

// isBelowExcluded reports whether a directory above path is excluded. One that is in the run has
// been skipped with all below it, but the run may begin further down.
func (l *limiter) isBelowExcluded(path string) bool {
	dir, _ := splitName(path)
	if l.x.o.Exclude == nil || dir == l.dir {
		return l.excluded
	}
	l.dir, l.excluded = dir, dir != "" && l.x.o.Exclude.MatchBelow(dir, true)
	return l.excluded
}

// take gives a name to an entry. If an earlier entry has the name, it returns that one's path. Only
// if both are directories, they become one, with the attributes of the last.
func (l *limiter) take(name string, ordinal int, isDir bool) (other string, err error) {
	key := maphash.String(l.seed, name)
	first, known := l.names[key]
	if !known {
		l.names[key] = ordinal
		return "", nil
	}
	e, err := l.x.a.Index().Entry(first)
	if err == nil {
		other, err = l.x.a.Index().Path(first)
	}
	if err != nil || l.x.strip(other) != name { // or else two hashes are equal by chance
		return "", err
	}
	if !isDir || e.Type != sidecar.TypeDir {
		return other, nil
	}
	l.x.noAttributes[first] = true
	l.names[key] = ordinal
	return "", nil
}

// strip returns the path below the target that an entry gets, or "" if it is not extracted.
func (x *extractor) strip(path string) string {
	for n := x.o.StripComponents; n > 0 && path != ""; n-- {
		_, path, _ = strings.Cut(path, "/")
	}
	return path
}
