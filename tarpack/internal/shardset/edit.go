package shardset

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Keep makes the Output an edit of the set with this list: all shards keep their files, except those
// that Replace begins. The set is committed as always. Readers find the shards that are kept under
// their names, and the others under their temporary ones until these are renamed.
func (o *Output) Keep(l *List) {
	o.Set.N = len(l.Shards)
	o.Shards = append([]ShardInfo(nil), l.Shards...)
	o.kept = make([]bool, len(l.Shards))
	for i := range o.kept {
		o.kept[i] = true
	}
}

// Replace begins shard i of a set that is edited. Finish ends it. The new files get the permissions
// of the old ones.
func (o *Output) Replace(i int) (dst *durable.Output, err error) {
	before := o.Like
	defer func() {
		err = errors.Join(err, o.Like.Close())
		o.Like = before
	}()
	if o.Like, err = os.Open(o.Set.Shard(i)); err != nil {
		return nil, err
	}
	o.kept[i] = false
	return o.begin(i)
}

// Drop gives up shard i, which was finished: the set keeps the old one.
func (o *Output) Drop(i int, old ShardInfo) error {
	o.kept[i], o.Shards[i] = true, old
	return errors.Join(os.Remove(o.Set.Pending(i)), os.Remove(o.Set.PendingIndex(i)))
}

// Changed returns how many shards are new.
func (o *Output) Changed() (n int) {
	for i := range o.Shards {
		if !o.isKept(i) {
			n++
		}
	}
	return n
}

// isKept reports whether shard i keeps its file.
func (o *Output) isKept(i int) bool { return i < len(o.kept) && o.kept[i] }
