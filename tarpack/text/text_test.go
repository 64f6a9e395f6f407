package text_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/text"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

// archiveOf packs files, and opens the archive.
func archiveOf(t testing.TB, files ...[2]string) *tarpack.Archive {
	t.Helper()
	return tartest.Open(t, tartest.Pack(t, tartest.Tree(t, files...), pack.Options{}))
}

// build builds the index of an archive, and returns its name.
func build(t testing.TB, a *tarpack.Archive, o text.BuildOptions) string {
	t.Helper()
	name := a.Name() + text.Suffix
	if _, err := text.Build(context.Background(), a, name, o); err != nil {
		t.Fatal(err)
	}
	return name
}

// openBytes opens an index that is in memory.
func openBytes(t testing.TB, b []byte, of text.Binding) *text.Index {
	t.Helper()
	x, err := text.OpenReaderAt(bytes.NewReader(b), int64(len(b)), of)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// found returns the paths that a query finds, and after each + those of the same title.
func found(t testing.TB, a *tarpack.Archive, x *text.Index, query string) string {
	t.Helper()
	hits, more, err := x.Search(context.Background(), text.Parse(query),
		text.SearchOptions{Limit: 100})
	if err != nil || more {
		t.Fatal(query, err, more)
	}
	var out []string
	for _, h := range hits {
		p := pathOf(t, a, h.Ordinal)
		for _, i := range h.Others {
			p += "+" + pathOf(t, a, i)
		}
		out = append(out, p)
	}
	return strings.Join(out, " ")
}

func pathOf(t testing.TB, a *tarpack.Archive, i int) string {
	t.Helper()
	p, err := a.Index().Path(i)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func page(title, body string) string {
	return "<html><head><title>" + title + "</title></head><body><nav>menu</nav><main>" + body +
		"</main></body></html>"
}

func TestSearch(t *testing.T) {
	a := archiveOf(t,
		[2]string{"std/struct.Vec.html", page("Vec in std::vec - Rust", "A contiguous growable array")},
		[2]string{"std/struct.OsStringExt.html", page("OsStringExt", "vec vec vec vec from_vec")},
		[2]string{"a/same.html", page("Guide", "the first lantern")},
		[2]string{"b/same.html", page("Guide", "the second lantern")},
		[2]string{"guide.md", "# Connections\n\nConnecting to a [server](x.html) with `read_to_end`.\n"},
		[2]string{"notes.txt", "To be or not to be, that is the question. Grüße. 日本語"},
		[2]string{"copy.txt", "To be or not to be, that is the question. Grüße. 日本語"},
		[2]string{"page", "<!DOCTYPE html><title>No ending</title><p>known by its content"},
		[2]string{"code.js", "lantern question"},
		[2]string{"redirect.html", `<meta http-equiv="refresh" content="0;url=x">lantern`},
		[2]string{"empty.html", ""},
	)
	x := openBytes(t, tartest.Read(t, build(t, a, text.BuildOptions{})), text.BindingOf(a))
	for query, want := range map[string]string{
		"vec":                          "std/struct.Vec.html std/struct.OsStringExt.html",
		"VEC":                          "std/struct.Vec.html std/struct.OsStringExt.html",
		"menu":                         "",
		"growable contiguous":          "std/struct.Vec.html",
		"growable lantern":             "",
		"lantern":                      "a/same.html+b/same.html",
		"second lantern":               "b/same.html",
		"connected":                    "guide.md",
		"connect*":                     "guide.md",
		`"connected"`:                  "",
		"read_to_end":                  "guide.md",
		`"end read"`:                   "",
		`"read to e"*`:                 "guide.md",
		`"to be or not"`:               "copy.txt",
		`"not to be that"`:             "copy.txt",
		`"be not"`:                     "",
		`"in std" "std vec"`:           "std/struct.Vec.html",
		`"rust a contiguous"`:          "", // not from the title to the text
		"grusse":                       "copy.txt",
		"本語":                           "copy.txt",
		"語本":                           "",
		"known ending":                 "page",
		"":                             "",
		`"`:                            "",
		`""*`:                          "",
		"*":                            "",
		"nothing":                      "",
		`lantern NOT first`:            "",
		`lantern" OR "x`:               "",
		"title:lantern":                "",
		strings.Repeat("lantern ", 50): "a/same.html+b/same.html",
	} {
		if got := found(t, a, x, query); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
	if x.Documents() != 7 {
		t.Errorf("%d documents, want 7", x.Documents())
	}
}

func TestLimitAndAccept(t *testing.T) {
	var files [][2]string
	for i := range 30 {
		files = append(files, [2]string{fmt.Sprintf("%02d.txt", i), "word"})
	}
	for i := range files { // contents differ, or they would be hard links
		files[i][1] += strings.Repeat(" other", i)
	}
	a := archiveOf(t, files...)
	x := openBytes(t, tartest.Read(t, build(t, a, text.BuildOptions{})), text.BindingOf(a))
	hits, more, err := x.Search(t.Context(), text.Parse("word"), text.SearchOptions{Limit: 10,
		Accept: func(i int) (bool, error) { return i%2 == 0, nil }})
	if err != nil || len(hits) != 10 || !more {
		t.Fatal(len(hits), more, err)
	}
	for i, h := range hits { // the shorter, the better
		if h.Ordinal != 2*i {
			t.Errorf("hit %d is entry %d", i, h.Ordinal)
		}
	}
	want := errors.New("not accepted")
	if _, _, err := x.Search(t.Context(), text.Parse("word"), text.SearchOptions{Limit: 10,
		Accept: func(int) (bool, error) { return false, want }}); !errors.Is(err, want) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(want)
	_, _, err = x.Search(ctx, text.Parse("word"), text.SearchOptions{Limit: 1})
	if !errors.Is(err, want) {
		t.Error(err)
	}
}

// randomFiles returns documents of few different words.
func randomFiles(rng *rand.Rand, n int) (files [][2]string) {
	for i := range n {
		var words []string
		for range 1 + rng.IntN(60) {
			words = append(words, fmt.Sprintf("w%d", rng.IntN(20)*rng.IntN(20)))
		}
		words = append(words, fmt.Sprintf("unique%d", i))
		files = append(files, [2]string{fmt.Sprintf("d%d/f%d.txt", i%7, i), strings.Join(words, " ")})
	}
	return files
}

// TestSame: the index is the same with any number of workers and any amount of memory.
func TestSame(t *testing.T) {
	a := archiveOf(t, randomFiles(rand.New(rand.NewPCG(1, 2)), 300)...)
	want := tartest.Read(t, build(t, a, text.BuildOptions{Workers: 1}))
	for _, o := range []text.BuildOptions{{Workers: 7}, {Memory: 1}, {Workers: 3, Memory: 100_000},
		{Background: true}} {
		if !bytes.Equal(tartest.Read(t, build(t, a, o)), want) {
			t.Errorf("%+v: other bytes", o)
		}
	}
}

// TestBruteForce compares searches with what a look at all words finds.
func TestBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	files := randomFiles(rng, 200)
	a := archiveOf(t, files...)
	x := openBytes(t, tartest.Read(t, build(t, a, text.BuildOptions{Memory: 20_000})),
		text.BindingOf(a))
	for range 300 {
		n := 1 + rng.IntN(3)
		var words []string
		for range n {
			words = append(words, fmt.Sprintf("w%d", rng.IntN(40)))
		}
		phrase := rng.IntN(2) == 0
		query, last := strings.Join(words, " "), words[n-1]
		if phrase {
			query = `"` + query + `"`
		}
		prefix := rng.IntN(3) == 0
		if prefix {
			query += "*"
		}
		var want []string
		for _, f := range files {
			in := strings.Fields(f[1])
			is := func(i, k int) bool {
				return in[i] == words[k] || prefix && k == n-1 && strings.HasPrefix(in[i], last)
			}
			matches := false
			if phrase {
				for i := 0; i+n <= len(in) && !matches; i++ {
					matches = true
					for k := range n {
						matches = matches && is(i+k, k)
					}
				}
			} else {
				matches = true
				for k := range n {
					any := false
					for i := range in {
						any = any || is(i, k)
					}
					matches = matches && any
				}
			}
			if matches {
				want = append(want, f[0])
			}
		}
		hits, _, err := x.Search(t.Context(), text.Parse(query), text.SearchOptions{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range hits {
			got = append(got, pathOf(t, a, h.Ordinal))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v", query, got, want)
		}
	}
}

// TestBuildFails: a build that fails leaves what was there, and nothing else.
func TestBuildFails(t *testing.T) {
	a := archiveOf(t, [2]string{"a.txt", "words"})
	dir := filepath.Dir(a.Name())
	before := tartest.Found(t, dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	cancel(stop)
	name := a.Name() + text.Suffix
	if _, err := text.Build(ctx, a, name, text.BuildOptions{}); !errors.Is(err, stop) {
		t.Error(err)
	}
	for name, want := range map[string]error{a.Name(): text.ErrTarget, dir: format.ErrNotRegular} {
		if _, err := text.Build(t.Context(), a, name, text.BuildOptions{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if after := tartest.Found(t, dir); !slices.Equal(before, after) {
		t.Errorf("%v, before %v", after, before)
	}
	build(t, a, text.BuildOptions{})
	build(t, a, text.BuildOptions{}) // one is replaced
	if fi, err := os.Stat(name); err != nil || fi.Size() == 0 {
		t.Error(err)
	}
}

// TestStale: an index of another state is refused.
func TestStale(t *testing.T) {
	a := archiveOf(t, [2]string{"a.txt", "words"})
	b := archiveOf(t, [2]string{"a.txt", "other words"})
	_, err := text.Open(build(t, a, text.BuildOptions{}), text.BindingOf(b))
	if !errors.Is(err, text.ErrStale) {
		t.Error(err)
	}
}

// TestDamaged: an index with any byte changed, or cut off anywhere, is refused.
func TestDamaged(t *testing.T) {
	a := archiveOf(t, [2]string{"a.txt", "some words"},
		[2]string{"b.html", page("Title", "more words")})
	b := tartest.Read(t, build(t, a, text.BuildOptions{}))
	of := text.BindingOf(a)
	refused := func(b []byte) bool {
		_, err := text.OpenReaderAt(bytes.NewReader(b), int64(len(b)), of)
		return errors.Is(err, text.ErrCorrupt)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x10
		if !refused(bad) {
			t.Errorf("byte %d changed: not refused", i)
		}
		if !refused(b[:i]) {
			t.Errorf("cut off at %d: not refused", i)
		}
	}
	if !refused(append(bytes.Clone(b), 0)) {
		t.Error("a byte more: not refused")
	}
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("filler ", 100)
	for _, c := range []struct{ query, text, want string }{
		{"fox", "The quick brown fox jumps", "The quick brown [fox] jumps"},
		{"jumping", "The fox jumps", "The fox [jumps]"},
		{`"brown fox"`, "fox brown fox", "fox [brown fox]"},
		{"fo*", "Foxes forever", "[Foxes] [forever]"},
		{"none", "The fox", "The fox"},
		{"fox dog", "fox " + long + "fox and dog " + long, "fox and dog"},
		{"é", "<b>É</b> & e", "<b>[É]</b> & [e]"},
		{"x", "", ""},
	} {
		var b strings.Builder
		n := 0
		for _, p := range text.Parse(c.query).Snippet([]byte(c.text)) {
			n += len(p.Text)
			if p.Mark {
				p.Text = "[" + p.Text + "]"
			}
			b.WriteString(p.Text)
		}
		got := b.String()
		if len(c.text) > 200 {
			if !strings.Contains(got, "[fox] and [dog]") || !strings.HasPrefix(got, "… ") ||
				!strings.HasSuffix(got, " …") || n > 260 {
				t.Errorf("%s: %q", c.query, got)
			}
		} else if got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
}

// FuzzSnippet: a snippet is a part of the text, with any query and any text.
func FuzzSnippet(f *testing.F) {
	f.Add(`fox "a b"* c*`, "The fox, a bc. "+strings.Repeat("é", 500))
	f.Fuzz(func(t *testing.T, query, content string) {
		content = strings.ToValidUTF8(content, "?")
		var b strings.Builder
		for _, p := range text.Parse(query).Snippet([]byte(content)) {
			if p.Text != "… " && p.Text != " …" {
				b.WriteString(p.Text)
			}
		}
		if got := b.String(); !strings.Contains(content, strings.TrimSuffix(got, " …")) ||
			strings.ToValidUTF8(got, "") != got {
			t.Fatalf("%q of %q", got, content)
		}
	})
}

// FuzzQuery: no query is an error, and each hit has all words of it. Those of a query without marks
// are compared with the text.
func FuzzQuery(f *testing.F) {
	a := archiveOf(f, randomFiles(rand.New(rand.NewPCG(5, 6)), 50)...)
	x := openBytes(f, tartest.Read(f, build(f, a, text.BuildOptions{})), text.BindingOf(a))
	for _, q := range []string{
		"w1 w2", `"w1 w2`, `w1* AND NEAR(w2, 3)`, `"" "*" -w1 ^w2 {a b}:c`, "'; DROP",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		hits, _, err := x.Search(t.Context(), text.Parse(query), text.SearchOptions{Limit: 5})
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		for _, h := range hits {
			content, err := text.Content(a, nil, h.Ordinal)
			if err != nil {
				t.Fatal(err)
			}
			p := pathOf(t, a, h.Ordinal)
			d := prose.Extract(prose.KindOf(p), []byte(filepath.Base(p)+" - "+string(content)))
			parts := text.Parse(query).Snippet(d.Text)
			if !slices.ContainsFunc(parts, func(p text.Part) bool { return p.Mark }) {
				t.Fatalf("%q: %s has none of it", query, p)
			}
		}
	})
}
