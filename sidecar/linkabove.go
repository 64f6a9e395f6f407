package sidecar

import (
	"runtime/debug"
	"strings"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// LinkAbove reports whether a symbolic link may lead to a path that no entry has: whether the
// nearest of its parents that is an entry is a symbolic link. If that is a directory, so are all
// above it. The errors are those of Lookup.
func (x *Index) LinkAbove(path string) (link bool, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if x.stats.Symlinks == 0 {
		return false, nil
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	if x.r != nil { // the buffers are not shared
		sc.dir = true
		defer func() { sc.dir = false }()
	}
	for {
		end := strings.LastIndexByte(path, '/')
		if end < 0 {
			return false, nil
		}
		path = path[:end]
		i, ok, err := x.lookup(path, sc)
		if err != nil || ok && sc.dir && sc.below {
			return false, err
		}
		if ok {
			b, err := x.record(int64(i), &sc.record)
			return err == nil && Type(layout.AsRecord(b).Type()) == TypeSymlink, err
		}
	}
}
