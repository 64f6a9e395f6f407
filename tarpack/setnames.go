package tarpack

import (
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// JoinShards replaces each run of all shards of one set, in order, by the name of the first shard,
// which stands for the set. So a glob that a shell has expanded means the set. Other names stay.
func JoinShards(names []string) []string {
	var joined []string
	for len(names) > 0 {
		first, n, whole := JoinFirst(names)
		if whole {
			joined = append(joined, first)
		} else {
			joined = append(joined, names[:n]...)
		}
		names = names[n:]
	}
	return joined
}

// JoinFirst looks for several shards of one set, in order, that names begins with; names must not
// be empty. n is their number, or 1. If no other shard of the set is there, whole is true, and name
// names the first shard, which stands for the set. Otherwise name is names[0].
func JoinFirst(names []string) (name string, n int, whole bool) {
	n = 1
	set, last, ok := format.ParseShardName(names[0])
	if !ok || shardset.StandsAlone(names[0]) {
		return names[0], 1, false
	}
	shards := map[int]bool{last: true}
	for n < len(names) {
		s, i, is := format.ParseShardName(names[n])
		if !is || s != set || i <= last {
			break
		}
		last = i
		shards[i] = true
		n++
	}
	if n > 1 && shardset.OnlyShards(set, shards) {
		return set.Shard(0), n, true
	}
	return names[0], n, false
}

// SetList returns the name of a set's list, which need not exist, and true if name stands for a
// shard set: if it is the list, the first shard, or a glob that matches all its shards and nothing
// else, or the name that the set was packed under, unless there is a file of this name. The name of
// any other shard stands for that archive alone. So does that of a first shard if neither the list
// nor another shard is there, or if that archive was not written as a shard.
//
// It returns an error for a name that fits several sets. For a glob that matches anything else, the
// error wraps format.ErrGlob.
func SetList(name string) (list string, ok bool, err error) {
	s, ok, err := shardset.Named(name)
	if err != nil || !ok {
		return "", false, err
	}
	return s.List(), true, nil
}

// CheckTarget returns an error that wraps format.ErrShardName if a file that is to be written would
// replace a shard, the list or an index of a shard set that has a list. It wraps format.ErrHidesSet
// if the file is new, and its name stands for a set, and format.ErrFileName if the system does not
// allow the name. The functions that write archives call it.
func CheckTarget(name string) error {
	if err := format.CheckFile(name); err != nil {
		return err
	}
	if err := shardset.CheckTarget(name); err != nil {
		return err
	}
	return shardset.CheckHides(name)
}
