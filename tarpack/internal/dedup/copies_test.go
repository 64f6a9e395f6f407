package dedup

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/base"
)

// noTree is a Tree that opens nothing. It is not empty, so that two of them have different
// addresses.
type noTree struct{ _ byte }

func (*noTree) Open(string) (io.ReadCloser, error) { return nil, io.EOF }

// TestCopies compares with a map: keys that collide, copies that are full, more records than are
// held in memory.
func TestCopies(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var c copies
	defer c.Close()
	trees := []Tree{new(noTree), new(noTree), nil}
	archives := []*base.Archive{nil, {}, {}}
	type known struct {
		w     Copy
		links int
	}
	model := map[uint64][]*known{}
	claimed := map[uint64]bool{}
	var keys []uint64
	for i := range 60_000 {
		key := r.Uint64()
		if n := len(keys); n > 0 && i%3 == 0 {
			key = keys[r.IntN(min(n, 20))] // some come often
		}
		key = max(key, 1)
		if got := c.claim(key); got == claimed[key] {
			t.Fatalf("claim of a key that was claimed: %v", claimed[key])
		}
		claimed[key] = true
		keys = append(keys, key)

		// The copies that may have one more link, the earliest first.
		var open []*known
		for _, k := range model[key] {
			if k.links < MaxLinks {
				open = append(open, k)
			}
		}
		got := slices.Clone(c.Candidates(key))
		if len(got) != len(open) {
			t.Fatalf("%d candidates, want %d", len(got), len(open))
		}
		for j, pos := range got {
			w, err := c.Get(key, pos)
			if err != nil {
				t.Fatal(err)
			}
			same := *w
			same.key, same.pos = 0, 0
			if same != open[j].w {
				t.Fatalf("%+v, want %+v", same, open[j].w)
			}
			if j == 0 && r.IntN(50) > 0 {
				c.Linked(w)
				open[j].links++
			}
		}
		if len(open) > 0 && r.IntN(400) > 0 {
			continue
		}
		w := Copy{
			Path: fmt.Sprint(i) + strings.Repeat("x", r.IntN(300)), Tree: trees[r.IntN(3)],
			Kept: base.Entry{From: archives[r.IntN(3)], I: r.Uint32(), File: r.Uint32()},
			uid:  r.Int32() - r.Int32(), gid: -1, owned: i%2 == 0, ModTime: r.Int64() - r.Int64(),
		}
		if i%1000 == 0 {
			w.Path = strings.Repeat("p", 16_384)
		}
		if err := c.add(key, &w); err != nil {
			t.Fatal(err)
		}
		model[key] = append(model[key], &known{w: w})
	}
	if c.log.file == nil {
		t.Error("all of it is in memory: nothing was tried of the file")
	}
}

// TestCopiesSize holds the memory for a file to what is promised.
func TestCopiesSize(t *testing.T) {
	var c copies
	r := rand.New(rand.NewPCG(2, 2))
	const n = 200_000
	for range n {
		c.claim(r.Uint64() | 1)
	}
	slots := 0
	for i := range c.shards {
		slots += cap(c.shards[i].slots)
	}
	const slotSize = 16
	if bytes := slots * slotSize / n; bytes > 45 {
		t.Errorf("%d bytes a file", bytes)
	}
}
