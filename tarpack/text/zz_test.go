package text

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

func TestZZ(t *testing.T) {
	a, err := tarpack.Open(context.Background(), "/tmp/text19/rust.tar.gz", nil)
	if err != nil {
		t.Fatal(err)
	}
	b := time.Now()
	x, err := Open("/tmp/text19/rust.tar.gz.tpx", BindingOf(a))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("open", time.Since(b), x.header)
	var ds []time.Duration
	qs := []string{"vec", "iterator", "HashMap", `"borrow checker"`, "iterat*", "the", "a* b*", "read_to_end", "connections", "async runtime", "lifetimes elision", "the of and to", `"the compiler"`, "s*", "OsString", "how to write tests", "std::vec::Vec", "simd*", "unsafe", "mutex poison", `"trait objects"`, "println", "cargo workspaces", "closure capture", "macro_rules", "x", "i32", "error handling", "match*", `"if let"`}
	for _, s := range qs {
		q := Parse(s)
		b := time.Now()
		hits, more, err := x.Search(context.Background(), q, SearchOptions{Limit: 20})
		d := time.Since(b)
		var sn []Part
		for k, h := range hits {
			c, err := Content(a, nil, h.Ordinal)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := a.Index().Path(h.Ordinal)
			d := prose.Extract(prose.KindOf(p), c[:min(len(c), 256<<10)])
			s := q.Snippet(d.Text)
			if k == 0 {
				sn = s
			}
		}
		d2 := time.Since(b)
		ds = append(ds, d2)
		fmt.Println(s, len(hits), more, err, d, d2)
		for _, h := range hits[:min(len(hits), 3)] {
			p, _ := a.Index().Path(h.Ordinal)
			fmt.Println("   ", p, h.Title, int(h.Score), len(h.Others))
		}
		fmt.Println("   ", sn)
	}
	slices.Sort(ds)
	fmt.Println(ds[len(ds)/2], ds[len(ds)*95/100])
	_ = os.Stdout
}
