package shardset

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// Owns reports whether a file in the set's directory belongs to a set of this name, with any number
// of shards.
func Owns(set format.SetName, base string) bool {
	name := filepath.Join(filepath.Dir(set.Stem), base)
	name = strings.TrimSuffix(name, format.SidecarSuffix)
	if s, ok := setOf(name); ok {
		return samePackedName(s, set)
	}
	return isPending(set, base)
}

// samePackedName reports whether two sets were packed under the same name. Their numbers of shards
// may differ.
func samePackedName(a, b format.SetName) bool {
	return filepath.Clean(a.Stem) == filepath.Clean(b.Stem) && a.Ext == b.Ext
}

// isPending reports whether base is the temporary name of a shard, a sidecar or a list of such a
// set.
func isPending(set format.SetName, base string) bool {
	end, ok := strings.CutSuffix(base, format.TempSuffix)
	if !ok {
		return false
	}
	// The numbers are in the end of the name, also of one that is shortened.
	end = strings.TrimSuffix(end, format.SidecarSuffix)
	is := func(name string) bool { return filepath.Base(name) == base }
	if i, ok := lastNumber(end, "-of-set"+set.Ext); ok {
		return is(set.Pending(i)) || is(set.PendingIndex(i))
	}
	if n, ok := lastNumber(end, set.Ext+format.ListSuffix); ok {
		set.N = n
		return is(format.TempName(set.List())) ||
			is(format.TempName(set.List()+format.SidecarSuffix))
	}
	return false
}

// lastNumber returns the number of five digits in s before its suffix.
func lastNumber(s, suffix string) (n int, ok bool) {
	s, ok = strings.CutSuffix(s, suffix)
	if !ok || len(s) < 5 {
		return 0, false
	}
	return format.FiveDigits(s[len(s)-5:])
}

// IsOutput returns a function that reports whether a file, by its name and the directory that it is
// in, is one of the set: packing a tree must leave out what it writes. Most names need no system
// call.
func IsOutput(set format.SetName) (func(base string, dir *os.Root) bool, error) {
	here, err := osfile.Stat(filepath.Dir(set.Stem))
	if err != nil {
		return nil, err
	}
	lock := filepath.Base(format.TempName(set.Working()))
	return func(base string, dir *os.Root) bool {
		if base != lock && !Owns(set, base) {
			return false
		}
		fi, err := dir.Stat(".")
		return err == nil && os.SameFile(fi, here)
	}, nil
}
