package shard_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
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
		const entries = 120 + 2 + 3 + 3*7 // files, link and empty/, d0 to d2, what is in these
		if want := min(o.Shards, entries); o.Shards > 0 && len(shards) != want {
			t.Errorf("%d shards instead of %d", len(shards), want)
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

// Split keeps the links of the archive: duplicates stay duplicates inside a shard, and equal files
// that are not stay files.
func TestSplitKeepsLinks(t *testing.T) {
	big := [2]string{"d/big", tartest.Noise("big", 5000)} // a shard of its own
	dir := tartest.Tree(t, big, [2]string{"a", "the same"}, [2]string{"b", "the same"},
		[2]string{"c", "the same"}, [2]string{"d/e", "the same"}, [2]string{"d/f", "the same"})
	for _, c := range []struct {
		mode format.DedupMode
		o    shard.SplitOptions
		want []string // by shard: the entries, links with their targets
	}{
		{format.DedupOff, shard.SplitOptions{Shards: 1}, []string{"a b c d d/big d/e d/f"}},
		{format.DedupContent, shard.SplitOptions{Shards: 1},
			[]string{"a b=a c=a d d/big d/e=a d/f=a"}},
		{format.DedupOff, shard.SplitOptions{Size: 1000},
			[]string{"a b c d", "d d/big", "d d/e d/f"}},
		// Without the file in the shard, the first of the links becomes one.
		{format.DedupContent, shard.SplitOptions{Size: 1000},
			[]string{"a b=a c=a d", "d d/big", "d d/e d/f=d/e"}},
	} {
		name := tartest.Pack(t, dir, pack.Options{Dedup: c.mode})
		shards, err := shard.Split(t.Context(), name, c.o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range shards {
			x, err := sidecar.Open(s.Name + format.SidecarSuffix)
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			line := ""
			for row, err := range x.All(0, x.Len()) {
				if err != nil {
					t.Fatal(err)
				}
				line += " " + string(row.Path)
				if link, err := x.Link(row.Ordinal); err == nil {
					line += "=" + link
				}
			}
			got = append(got, strings.TrimSpace(line))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v, %+v: %q, want %q", c.mode, c.o, got, c.want)
		}
	}
}
