package tarpack

import (
	"slices"

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
