package match

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

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
		"Docs/GRÜN", "zeta/", "zeta/alpha", ".hidden", "zeta/alphabet.min.js", "zeta/a [1].JPG"}
	x := indexOf(t, len(paths), func(i int) string { return paths[i] })
	skip := func(i int) bool {
		p, err := x.Path(i)
		return err == nil && strings.HasPrefix(p, ".")
	}
	for query, want := range map[string]string{
		"alpha": "Docs/Alpha.html=1 zeta/alpha=0 zeta/alphabet.min.js=2",
		"BETA":  "Docs/BETA.txt=1 Docs/beta.html=1", "docs": "Docs=0",
		"docs/b": "Docs/BETA.txt=3 Docs/beta.html=3", "ta/al": "zeta/alpha=3 zeta/alphabet.min.js=3",
		"grü": "Docs/GRÜN=2 Docs/Grüße=2", "hidden": "", "nothing": "",
		" html  eta ": "Docs/beta.html=3",
		"*.jpg":       "zeta/a [1].JPG=3", "[1]": "zeta/a [1].JPG=3", "a*.html": "Docs/Alpha.html=3",
		"?eta*": "Docs/BETA.txt=3 Docs/beta.html=3 zeta=3", "docs/*.txt": "Docs/BETA.txt=3",
		"gr??e": "Docs/Grüße=3", "*ü*": "Docs/GRÜN=3 Docs/Grüße=3", "": "", "  ": "",
	} {
		got, err := New(query).Search(t.Context(), x, 0, x.Len(), skip)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, h := range got {
			p, _ := x.Path(int(h.Ordinal))
			names = append(names, fmt.Sprintf("%s=%d", p, h.Rank))
			if rank, ok := New(query).Match(p); !ok || rank != h.Rank {
				t.Errorf("%q, %q: Match returns %d %t", query, p, rank, ok)
			}
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%q: %q, want %q", query, names, want)
		}
	}
	over, end := context.WithCancelCause(t.Context())
	end(io.EOF)
	if _, err := New("a").Search(over, x, 0, x.Len(), nil); err != io.EOF {
		t.Errorf("a search that has ended: %v", err)
	}
	if got, _ := New("a").Search(t.Context(), x, 2, 4, nil); len(got) != 2 || got[0].Ordinal != 2 {
		t.Errorf("entries 2 and 3: %v", got)
	}
}

// FuzzGlob compares patterns with regular expressions.
func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"*.jpg", "a.jpg"}, {"a?c*", "abcd"}, {"*a*a*a", "aaaa"},
		{"**", ""}, {"?", "é"}, {"a*b?", "aXbbc"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern)+len(text) > 200 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		quoted := regexp.QuoteMeta(pattern)
		quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
		want := regexp.MustCompile(`(?s)^` + quoted + `$`).MatchString(text)
		if got := glob([]byte(pattern), []byte(text)); got != want {
			t.Errorf("%q, %q: %t, want %t", pattern, text, got, want)
		}
	})
}

// FuzzMatch compares the search of an index with that of single paths.
func FuzzMatch(f *testing.F) {
	f.Add("vec *.rs", "std/Vec.rs")
	f.Add("ü", "GRÜN")
	f.Fuzz(func(t *testing.T, query, path string) {
		m := New(query)
		if rank, ok := m.Match(path); ok && rank >= Ranks {
			t.Errorf("rank %d", rank)
		}
		for word := range strings.FieldsSeq(path) {
			if strings.ContainsAny(word, "*?/") {
				continue
			}
			if _, ok := New(word).Match("x" + word + "y"); !ok && strings.ToLower(word) != "" &&
				strings.Contains(strings.ToLower("x"+word+"y"), strings.ToLower(word)) {
				t.Errorf("%q is not found in a name that has it", word)
			}
		}
	})
}

// BenchmarkSearch searches among 1,000,000 paths for text that is not there, and for what all have.
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
	for _, query := range []string{"nothing-like-this", "/nothing-like-this", "grün", "s", "*html",
		"some name a"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				got, err := New(query).Search(b.Context(), x, 0, n, nil)
				if none := strings.Contains(query, "nothing") || query == "grün"; err != nil ||
					none != (len(got) == 0) {
					b.Fatal(len(got), err)
				}
			}
		})
	}
}
