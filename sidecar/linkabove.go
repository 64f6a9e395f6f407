package sidecar

import (
	"runtime/debug"
	"strings"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// LinkAbove returns the symbolic link that may lead to a path that no entry has: the nearest of its
// parents that is an entry, if that is a symbolic link, or else "". If it is a directory, so are
// all above it. The errors are those of Lookup.
func (x *Index) LinkAbove(path string) (link string, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if x.stats.Symlinks == 0 {
		return "", nil
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
			return "", nil
		}
		path = path[:end]
		i, ok, err := x.lookup(path, sc)
		if err != nil || ok && sc.dir && sc.below {
			return "", err
		}
		if ok {
			b, err := x.record(int64(i), &sc.record)
			if err != nil || Type(layout.AsRecord(b).Type()) != TypeSymlink {
				return "", err
			}
			return path, nil
		}
	}
}
