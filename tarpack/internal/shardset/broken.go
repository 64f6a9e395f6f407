package shardset

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// A brokenError reports a shard that does not match the list that was read. It wraps ErrShard, and
// ErrChanged, because a set is opened only if its shards are there.
type brokenError struct {
	name, what string
	kind       error // ErrShard, or an error that comes with it
}

func (e *brokenError) Error() string {
	return fmt.Sprintf("%s: %v: %s", e.name, format.ErrShard, e.what)
}

func (e *brokenError) Unwrap() []error {
	return []error{e.kind, format.ErrShard, source.ErrChanged}
}

// Broken returns the error for a shard that is no archive because of err, whatever the list has. It
// wraps format.ErrShard and source.ErrChanged.
func Broken(name string, err error) error {
	return &brokenError{name, err.Error(), format.ErrShard}
}

// Check returns an error unless a file of this name is shard i of the list. The error wraps
// format.ErrShard and source.ErrChanged, and format.ErrShardPlace if it is another one of the list.
func (l *List) Check(i int, name string, is ShardInfo) error {
	want := l.Shards[i]
	if is == want {
		return nil
	}
	if at := slices.Index(l.Shards, is); at >= 0 {
		return &brokenError{name, fmt.Sprintf("this shard is not the one of its list: "+
			"%v, shard %05d", format.ErrShardPlace, at), format.ErrShardPlace}
	}
	return &brokenError{name, fmt.Sprintf("this shard is not the one of its list: "+
		"it has %d bytes and index %016x, not %d and %016x",
		is.Size, is.Digest, want.Size, want.Digest), format.ErrShard}
}

// MissingShard returns the error for a set of n shards if opening the shard name failed with err.
// It wraps format.ErrShard and source.ErrChanged if the file does not exist.
func MissingShard(name string, n int, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		what := "its only shard is missing"
		if n > 1 {
			what = fmt.Sprintf("this one of its %d shards is missing", n)
		}
		return &brokenError{name, what, format.ErrShardMissing}
	}
	return err
}
