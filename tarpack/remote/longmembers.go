package remote

import (
	"slices"
	"sync"

	"github.com/tarpack/tpk/sidecar"
)

// longMember is the length in bytes of a file that is not read ahead of a reader of the files
// before it. A reader that has read such a file is taken for one that reads the next one, too.
const longMember = 1 << 20

// longMembers returns the offsets of an archive's long files, in ascending order. It reads the
// index when it is first called. Of one that is not in memory it returns none, as to read that
// would take long.
type longMembers func() []int64

func longMembersOf(x *sidecar.Index) longMembers {
	return sync.OnceValue(func() (starts []int64) {
		if x.Far() {
			return nil
		}
		for i := range x.Len() {
			e, err := x.Entry(i)
			if err != nil {
				break // reading the entry will fail, too
			}
			if e.Type == sidecar.TypeFile && e.Length() >= longMember {
				starts = append(starts, e.Offset)
			}
		}
		slices.Sort(starts)
		return starts
	})
}

// within returns the offsets in a part of the archive, from its start.
func (l longMembers) within(start, size int64) []int64 {
	all := l()
	first, _ := slices.BinarySearch(all, start)
	end, _ := slices.BinarySearch(all, start+size)
	part := slices.Clone(all[first:end])
	for i := range part {
		part[i] -= start
	}
	return part
}
