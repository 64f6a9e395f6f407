package shardset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Keep makes the Output an edit of a set with these shards: all keep their files, except those that
// Replace begins. The set is committed as always. Readers find the shards that are kept under
// their names, and the others under their temporary ones until these are renamed.
func (o *Output) Keep(set format.SetName, shards []ShardInfo) {
	o.Set = set
	o.Shards = slices.Clone(shards)
	o.kept = make([]bool, len(shards))
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
	if o.Like, err = osfile.OpenFile(o.Set.Shard(i), os.O_RDONLY, 0); err != nil {
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

// CommitEdit is Commit for an edit. The list and the set's sidecar get the permissions of the first
// shard.
func (o *Output) CommitEdit(ctx context.Context, opt scan.Options) (CommitResult, error) {
	like, err := osfile.OpenFile(o.Set.Shard(0), os.O_RDONLY, 0)
	if err != nil {
		return CommitResult{}, errors.Join(err, o.Abort())
	}
	defer like.Close()
	o.Like = like
	res, err := o.Commit(ctx, opt)
	if errors.Is(err, format.ErrShard) {
		// Each shard is right, but not with the others: a path is in two of them.
		err = fmt.Errorf("%s: %w", o.Set.Shard(0), err)
	}
	return res, err
}

// isKept reports whether shard i keeps its file.
func (o *Output) isKept(i int) bool { return i < len(o.kept) && o.kept[i] }
