package shard_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// sizeOptions are the fields Size and Shards. Without them there are two shards.
var sizeOptions = []tartest.Option{
	{Field: "Size", Value: int64(1000), Effect: otherShards},
	{Field: "Shards", Value: 3, Effect: otherShards},
}

// otherShards reports whether there are other shards. The archives must be below the directory.
func otherShards(zero, set *tartest.Outcome) bool { return len(set.Files) > len(zero.Files) }

func TestPackOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o shard.PackOptions) *tartest.Outcome {
		if o.Size == 0 && o.Shards == 0 {
			o.Shards = 2
		}
		dir := tartest.OptionsTree(t)
		if o.OneFileSystem {
			tartest.Mount(t, dir)
		}
		undo := tartest.Unreadable(t, dir, o.SkipUnreadable)
		out := filepath.Join(dir, "out.tar.gz") // the shards are not packed
		res, err := shard.Pack(context.Background(), dir, out, o)
		undo()
		if err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, dir, shardNames(res.Shards)...)
	}, slices.Concat(tartest.PackingOptions(t), tartest.DirOptions(), sizeOptions,
		[]tartest.Option{
			tartest.SHA256Option(), tartest.RemoveFilesOption(), tartest.SkipUnreadableOption(),
		})...)
}

func TestSplitOptions(t *testing.T) {
	tartest.CheckOptions(t, func(t *testing.T, o shard.SplitOptions) *tartest.Outcome {
		if o.Size == 0 && o.Shards == 0 {
			o.Shards = 2
		}
		name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
		if err := os.Remove(name + format.SidecarSuffix); err != nil { // for Notice
			t.Fatal(err)
		}
		shards, err := shard.Split(context.Background(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		return tartest.OutcomeOf(t, filepath.Dir(name), shardNames(shards)...)
	}, append(sizeOptions, tartest.WorkersOption(), tartest.DryRunOption())...)
}

func shardNames(shards []shard.Shard) (names []string) {
	for _, s := range shards {
		names = append(names, s.Name)
	}
	return names
}
