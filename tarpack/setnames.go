package tarpack

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// JoinShards replaces each run of names that are several shards of one set, in their order, by the name of the set's first: so a glob that a shell has
// taken apart means the set. All other names stay.
func JoinShards(names []string) []string {
	var joined []string
	for len(names) > 0 {
		run := 1
		set, last, ok := format.ParseShardName(names[0])
		for ok && run < len(names) {
			s, i, is := format.ParseShardName(names[run])
			if !is || s != set || i <= last {
				break
			}
			last = i
			run++
		}
		if run > 1 {
			joined = append(joined, set.Shard(0))
		} else {
			joined = append(joined, names[0])
		}
		names = slices.Clone(names[run:])
	}
	return joined
}

// SetList tells whether a name means a shard set, and gives the name of the set's list, whether that is there or not. What means a set is
// the list itself, the set's first shard, and a glob that matches only shards of one set. A name of one of its other shards means that archive alone.
//
// The error is that of a glob which matches shards of several sets.
func SetList(name string) (list string, ok bool, err error) {
	if s, i, ok := format.ParseShardName(name); ok {
		return s.List(), i == 0, nil
	}
	if _, ok := format.ParseListName(name); ok {
		return name, true, nil
	}
	if !strings.ContainsAny(filepath.Base(name), "*?[") {
		return "", false, nil
	}
	names, err := filepath.Glob(name)
	if err != nil || len(names) == 0 {
		return "", false, nil // no glob, or of nothing: opening it as a file says so
	}
	var set format.SetName
	for k, file := range names {
		s, _, ok := format.ParseShardName(file)
		switch {
		case !ok && isSetFile(file):
			continue
		case !ok:
			return "", false, fmt.Errorf("%s: %w: the glob matches %s, which is no shard", name, format.ErrShard, file)
		case set.N > 0 && s != set:
			return "", false, fmt.Errorf("%s: %w: the glob matches shards of several sets, %s and %s", name, format.ErrShard, names[k-1], file)
		}
		set = s
	}
	return set.List(), set.N > 0, nil
}

// isSetFile: the file is a sidecar or a list.
func isSetFile(name string) bool {
	return strings.HasSuffix(name, format.SidecarSuffix) || strings.HasSuffix(name, format.ListSuffix)
}
