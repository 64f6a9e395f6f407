package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// indexOf returns an index of these paths. Those that end in a slash are directories.
func indexOf(t testing.TB, n int, path func(i int) string) *sidecar.Index {
	t.Helper()
	b := build.New(build.Options{Memory: 1 << 30})
	defer b.Close()
	for i := range n {
		e := sidecar.Entry{Type: sidecar.TypeFile, Offset: int64(i) * 100, HeaderLen: 100,
			Hash: 0xef46db3751d8e999}
		p := path(i)
		if strings.HasSuffix(p, "/") {
			p = p[:len(p)-1]
			e.Type, e.Hash = sidecar.TypeDir, 0
		}
		if err := b.Add(build.Item{Path: p, Entry: e}); err != nil {
			t.Fatal(err)
		}
	}
	var m build.Memory
	if _, _, err := b.Finish(&m, int64(n)*100+64); err != nil {
		t.Fatal(err)
	}
	x, err := sidecar.OpenBytes(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSearch(t *testing.T) {
	paths := []string{"Docs/", "Docs/Alpha.html", "Docs/beta.html", "Docs/BETA.txt", "Docs/Grüße",
		"Docs/GRÜN", "zeta/", "zeta/alpha", ".hidden"}
	x := indexOf(t, len(paths), func(i int) string { return paths[i] })
	hidden := func(p string) bool { return strings.HasPrefix(p, ".") }
	for query, want := range map[string]string{
		"alpha": "Docs/Alpha.html zeta/alpha", "BETA": "Docs/BETA.txt Docs/beta.html",
		"docs": "Docs", "docs/b": "Docs/BETA.txt Docs/beta.html",
		"grü": "Docs/GRÜN Docs/Grüße", "hidden": "", "nothing": "", "ta/al": "zeta/alpha",
	} {
		got, err := New(query).Search(x, 0, 10, hidden)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, i := range got {
			p, _ := x.Path(i)
			names = append(names, p)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%q: %q, want %q", query, names, want)
		}
	}
	if got, _ := New("a").Search(x, 0, 2, nil); len(got) != 2 {
		t.Errorf("a limit of 2: %v", got)
	}
}

// BenchmarkSearch searches for text that is not there, which takes longest, among 1,000,000 paths.
func BenchmarkSearch(b *testing.B) {
	const n = 1_000_000
	dir := func(i int) string { return fmt.Sprintf("html/crate-%05d", i/1000) }
	x := indexOf(b, n, func(i int) string {
		switch {
		case i == 0:
			return "html/"
		case i%1000 == 1:
			return dir(i) + "/"
		}
		return fmt.Sprintf("%s/struct.SomethingWithAName-%05x.html", dir(max(i-1, 1)/1000*1000+1),
			i*2654435761%(1<<20)*16+i%16)
	})
	for _, query := range []string{"nothing-like-this", "/nothing-like-this", "grün"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if got, err := New(query).Search(x, 0, 100, nil); err != nil || len(got) > 0 {
					b.Fatal(got, err)
				}
			}
		})
	}
}
