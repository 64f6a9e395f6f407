package tarpack

import (
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// JoinShards replaces each run of several shards of one set, in order, by the name of the first
// shard, which stands for the set. So a glob that a shell has expanded means the set. Other names
// stay.
func JoinShards(names []string) []string {
	var joined []string
	for len(names) > 0 {
		first, n := JoinFirst(names)
		joined = append(joined, first)
		names = names[n:]
	}
	return joined
}

// JoinFirst is JoinShards for the run that names, which must not be empty, begins with. It returns
// the name for it, and how many names it replaces.
func JoinFirst(names []string) (name string, n int) {
	n = 1
	set, last, ok := format.ParseShardName(names[0])
	ok = ok && !shardset.StandsAlone(names[0])
	for ok && n < len(names) {
		s, i, is := format.ParseShardName(names[n])
		if !is || s != set || i <= last {
			break
		}
		last = i
		n++
	}
	if n > 1 {
		return set.Shard(0), n
	}
	return names[0], n
}

// SetList returns the name of a set's list, which need not exist, and true if name stands for a
// shard set: if it is the list, the first shard, or a glob that matches shards of one set only, or
// the name that the set was packed under, unless there is a file of this name. The name of any
// other shard stands for that archive alone. So does that of a first shard if neither the list nor
// another shard is there, or if that archive was not written as a shard.
//
// It returns an error for a name or a glob that fits several sets.
func SetList(name string) (list string, ok bool, err error) {
	s, ok, err := shardset.Named(name)
	if err != nil || !ok {
		return "", false, err
	}
	return s.List(), true, nil
}
