package browse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/turns"
)

// TestCostlySearch: a search for names ends when its time is over, also if it waits for others, and
// says so.
func TestCostlySearch(t *testing.T) {
	defer func(limit, wait time.Duration, turns *turns.Turns) {
		nameTime, nameWait, nameSearches = limit, wait, turns
	}(nameTime, nameWait, nameSearches)
	nameSearches = turns.New(1)
	l := serving(t, fstest.MapFS{"a": {Data: []byte("text"), Mode: 0o644}, "dir/aa": {Mode: 0o644}})
	search := func(limit time.Duration, order Order) *List {
		t.Helper()
		nameTime = limit
		var v archives.View
		if !l.View(&v) {
			t.Fatal("there is nothing")
		}
		defer v.Release()
		got, err := NewMemory().View(&v).Search("", "a", ListOptions{Limit: 9, Order: order})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, order := range []Order{ByRank, ByName, BySize} {
		if got := search(time.Hour, order); got.Costly || len(got.Items) != 2 {
			t.Errorf("%+v", got)
		}
		if got := search(-1, order); !got.Costly || len(got.Items) != 0 || got.All >= 0 {
			t.Errorf("its time is over: %+v", got)
		}
	}
	nameWait = time.Millisecond
	done, err := nameSearches.Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := search(time.Hour, ByRank); !got.Costly {
		t.Errorf("others are searching: %+v", got)
	}
	done()
	if got := search(time.Hour, ByRank); len(got.Items) != 2 {
		t.Errorf("afterwards: %+v", got)
	}
}

// BenchmarkSearchPlain searches as many plain files as a search looks at.
func BenchmarkSearchPlain(b *testing.B) {
	dir := b.TempDir()
	for i := range MaxPlain / 100 {
		sub := filepath.Join(dir, fmt.Sprintf("d%d", i%10), fmt.Sprintf("e%d", i))
		err := os.MkdirAll(sub, 0o755)
		for k := range 99 {
			err = errors.Join(err, os.WriteFile(filepath.Join(sub,
				fmt.Sprintf("SomethingWithAName-%d.html", k)), nil, 0o644))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	l, err := archives.NewLibrary(archives.Options{Fallback: dir})
	if err == nil {
		err = l.Load(b.Context(), nil)
	}
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	var v archives.View
	if !l.View(&v) {
		b.Fatal("there is nothing")
	}
	defer v.Release()
	shown := NewMemory().View(&v)
	for b.Loop() {
		got, err := shown.Search("", "nothing-like-this", ListOptions{Limit: 500})
		if err != nil || len(got.Items) > 0 {
			b.Fatal(got, err)
		}
	}
}
