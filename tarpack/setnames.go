package tarpack

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// JoinShards replaces each run of several shards of one set, in order, by the name of the first
// shard, which stands for the set. So a glob that a shell has expanded means the set. Other names
// stay.
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

// SetList returns the name of a set's list, which need not exist, and true if name stands for a
// shard set: if it is the list, the first shard, or a glob that matches shards of one set only. The
// name of any other shard stands for that archive alone.
//
// It returns an error for a glob that matches shards of several sets.
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
		return "", false, nil // opening it as a file reports the error
	}
	var set format.SetName
	for k, file := range names {
		s, _, ok := format.ParseShardName(file)
		switch {
		case !ok && isSetFile(file):
			continue
		case !ok:
			return "", false, fmt.Errorf("%s: %w: the glob matches %s, which is no shard", name,
				format.ErrShard, file)
		case set.N > 0 && s != set:
			return "", false, fmt.Errorf(
				"%s: %w: the glob matches shards of several sets, %s and %s", name, format.ErrShard,
				names[k-1], file)
		}
		set = s
	}
	return set.List(), set.N > 0, nil
}

// isSetFile reports whether a file is a sidecar or a list.
func isSetFile(name string) bool {
	return strings.HasSuffix(name, format.SidecarSuffix) || strings.HasSuffix(name, format.ListSuffix)
}
