package convert

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// errMissing is why nothing of a shard can be saved.
var errMissing = errors.New("the shard is missing")

// A lostShard is a shard from which nothing can be saved, and why.
type lostShard struct {
	i     int
	cause error
}

// lose notes that nothing of shard i can be saved. reportLost reports its entries.
func (s *setRepair) lose(i int, cause error) {
	s.res.Damaged = true
	s.lost = append(s.lost, lostShard{i, cause})
}

// fileOf returns the name of the file of shard i. If a writer was killed after it had committed the
// set, that may be a temporary name. In place the writer's work was finished before.
func (s *setRepair) fileOf(i int) string {
	if s.list == nil || s.inPlace {
		return s.set.Shard(i)
	}
	for _, name := range []string{s.set.Shard(i), s.set.Pending(i)} {
		if f, err := shardset.OpenListed(s.list, i, name); err == nil {
			f.Close() // opened for reading only: an error loses nothing
			return name
		}
	}
	return s.set.Shard(i)
}

// reportLost reports the entries of the lost shards, now that it is known which directories other
// shards have. If no index has them, it reports the shard alone, as one entry.
func (s *setRepair) reportLost() error {
	if len(s.lost) == 0 {
		return nil
	}
	whole, file := s.openSetIndex()
	if whole != nil {
		defer whole.Close()
	}
	for _, l := range s.lost {
		x, from, to := s.openShardIndex(l.i), int64(0), int64(0)
		if x != nil {
			defer x.Close()
			to = x.ArchiveSize()
		} else if x = whole; x != nil {
			for k := range l.i {
				from += file.ShardSize(k)
			}
			to = from + file.ShardSize(l.i)
		}
		if err := s.reportShard(l, x, from, to); err != nil {
			return err
		}
	}
	return nil
}

// reportShard reports the entries of a lost shard. They are those in x at the offsets from from to
// to.
func (s *setRepair) reportShard(l lostShard, x *sidecar.Index, from, to int64) error {
	if x == nil {
		s.res.Lost++
		s.report(l.i, &format.Problem{Offset: -1,
			Err: fmt.Errorf("%w, and no index has what was in it", l.cause)})
		return nil
	}
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return err
		}
		at := row.Entry.Offset
		if at < from || at >= to || row.Entry.Type == sidecar.TypeDir && s.dirs[string(row.Path)] {
			continue
		}
		s.res.Lost++
		s.report(l.i, &format.Problem{Path: string(row.Path), Offset: at - from, Err: l.cause})
		if row.Entry.Type == sidecar.TypeDir {
			s.dirs[string(row.Path)] = true // it is reported once
		}
	}
	return nil
}

// openSetIndex opens the sidecar of the set, and returns the set as well. Both are nil if there is
// none that fits the list.
func (s *setRepair) openSetIndex() (*sidecar.Index, *shardset.File) {
	if s.list == nil {
		return nil, nil
	}
	file := shardset.NewFile(s.set, s.list)
	x, _, err := file.AsArchive().OpenSidecar()
	if err != nil {
		return nil, nil
	}
	if x.Verify() != nil {
		x.Close() // opened for reading only: an error loses nothing
		return nil, nil
	}
	return x, file
}

// openShardIndex opens the sidecar of shard i. It returns nil if there is none, or if it is not the
// one in the list.
func (s *setRepair) openShardIndex(i int) *sidecar.Index {
	x := openIntact(s.set.Shard(i) + format.SidecarSuffix)
	if x != nil && s.list != nil && x.Digest() != s.list.Shards[i].Digest {
		x.Close() // opened for reading only: an error loses nothing
		return nil
	}
	return x
}
