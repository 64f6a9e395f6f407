package shardset_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestCheckOne: archives without a list are a set unless a path is in two of them. An answer holds
// until a file changes.
func TestCheckOne(t *testing.T) {
	set := format.SetNameOf(filepath.Join(t.TempDir(), "a.tar.gz"), 3)
	put := func(i int, paths ...string) {
		t.Helper()
		var files [][2]string
		for _, p := range paths {
			files = append(files, [2]string{p, "content"})
		}
		name := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
		if err := os.Rename(name, set.Shard(i)); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, one bool) {
		t.Helper()
		for range 2 { // the second answer is remembered
			err := shardset.CheckOne(t.Context(), set)
			if one != (err == nil) || !one && !errors.Is(err, format.ErrNotOneSet) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	want("no file", true)
	put(0, "a", "d/b")
	want("one of three", true)
	put(2, "a")
	want("the same path in two of three", false)
	put(2, "c")
	want("no path in two", true)
	put(1, "0", "d/x")
	want("a directory in two that follow each other, and no order", true)
	put(2, "d/c")
	put(1, "e")
	want("a directory in two that don't", false)
	put(2, "a")
	if err := os.Truncate(set.Shard(2), 5); err != nil {
		t.Fatal(err)
	}
	want("one that can't be read", true)
	put(2, "a")
	want("the same path in two", false)
	if err := os.WriteFile(set.List(), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	want("with a list", true)
	if err := os.Remove(set.List()); err != nil {
		t.Fatal(err)
	}
	put(2, "a", "other")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := shardset.CheckOne(ctx, set); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
