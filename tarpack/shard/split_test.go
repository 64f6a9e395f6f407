package shard_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// Each shard is valid and not too large, and merging all of them gives the archive again.
func TestSplit(t *testing.T) {
	ctx := context.Background()
	var files [][2]string
	for i := range 120 {
		files = append(files, [2]string{fmt.Sprintf("d%d/s%d/f%03d", i%3, i%7, i),
			fmt.Sprintf("%d %s", i%50, bytes.Repeat([]byte{byte('a' + i%50)}, 3000*(i%5)))})
	}
	files = append(files, [2]string{"empty/", ""}, [2]string{"link", "-> d0"})
	name := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []shard.SplitOptions{{Shards: 1}, {Shards: 2}, {Shards: 7}, {Shards: 300},
		{Size: 4000}, {Size: 1}, {Size: 1 << 40}} {
		shards, err := shard.Split(ctx, name, o)
		if err != nil {
			t.Fatal(err)
		}
		if o.Shards > 0 && len(shards) != o.Shards {
			t.Errorf("%d shards instead of %d", len(shards), o.Shards)
		}
		names := tartest.CheckShards(t, shards)
		for _, s := range shards {
			if o.Size == 4000 && s.Bytes > 12000 {
				t.Errorf("%s has %d bytes", s.Name, s.Bytes)
			}
		}
		out := filepath.Join(t.TempDir(), "merged.tar.gz")
		if _, err := edit.Merge(ctx, out, names, edit.MergeOptions{}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%+v: the shards merged are not the archive (%v)", o, err)
		}
		for _, n := range names {
			os.Remove(n)
			os.Remove(n + format.SidecarSuffix)
		}
	}
	for _, o := range []shard.SplitOptions{{}, {Size: 1, Shards: 1},
		{Shards: format.MaxShards + 1}} {
		if _, err := shard.Split(ctx, name, o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
