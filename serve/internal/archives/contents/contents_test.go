package contents

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/serve/internal/choice"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
)

// tree returns a Tree with something to hide: the folder a/secret, and a link that leads to it.
func tree(t *testing.T) *Tree {
	t.Helper()
	files := fstest.MapFS{
		"a/one":        {Data: []byte("1"), Mode: 0o644},
		"a/secret/key": {Data: []byte("secret"), Mode: 0o644},
		"a/two":        {Data: []byte("22"), Mode: 0o644},
		"b/three":      {Data: []byte("333"), Mode: 0o644},
		"link":         {Data: []byte("a/secret/key"), Mode: fs.ModeSymlink | 0o777},
		"other":        {Data: []byte("a/one"), Mode: fs.ModeSymlink | 0o777},
	}
	name := filepath.Join(t.TempDir(), "x.tar.gz")
	if _, err := pack.FS(t.Context(), files, name, pack.FSOptions{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return &Tree{Name: "x", Index: a.Index()}
}

func hidden(path string) bool { return strings.HasSuffix(path, "/secret/") || path == "m/b/" }

// TestOmit: what is hidden is left out with all that is below it and the links to it, by mount.
func TestOmit(t *testing.T) {
	x := tree(t)
	for mount, want := range map[string]string{
		"": "a a/one a/two b b/three other", "m": "a a/one a/two other",
	} {
		o, err := x.Omit(func(path string) bool {
			return hidden(path) || strings.Contains(path, "/secret/") || path == "m/b/three"
		}, mount)
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for i := range x.Index.Len() {
			path, err := x.Index.Path(i)
			if err != nil {
				t.Fatal(err)
			}
			if out := o.LeavesOut(i); !out {
				shown = append(shown, path)
			} else if !o.Omits()(path) || !o.Skips()(i) {
				t.Errorf("%s: downloads and listings differ", path)
			}
		}
		if got := strings.Join(shown, " "); got != want || o.Visible(0, x.Index.Len()) != len(shown) {
			t.Errorf("%q: %s", mount, got)
		}
		if again, err := x.Omit(hidden, mount); again != o || err != nil {
			t.Error("it is not remembered")
		}
	}
	if o, err := tree(t).Omit(func(string) bool { return false }, ""); o != nil || err != nil ||
		o.Omits() != nil || o.Skips() != nil || o.LeavesOut(0) {
		t.Error("nothing is hidden, and something left out")
	}
}

// TestTotals: the totals of a folder are without what is hidden.
func TestTotals(t *testing.T) {
	x := tree(t)
	o, err := x.Omit(func(path string) bool { return strings.Contains(path, "secret") }, "")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Totals{
		"a": {Entries: 2, Files: 2, Size: 3}, "": {Entries: 6, Files: 3, Links: 1, Size: 6},
	} {
		dir, ok, err := x.Directory(path)
		if err != nil || !ok {
			t.Fatal(path, err)
		}
		for range 2 { // it is remembered
			got, err := x.Totals(o, dir)
			if got.Packed == 0 {
				t.Errorf("%q: no bytes", path)
			}
			if got.Packed = 0; got != want || err != nil {
				t.Errorf("%q: %+v, %v", path, got, err)
			}
		}
	}
}

// TestNumbers: the numbers of entries lead back to them, and do not count what is hidden.
func TestNumbers(t *testing.T) {
	x := tree(t)
	f := Folder{Tree: x, Dir: sidecar.Root}
	var err error
	f.Omission, err = x.Omit(func(path string) bool { return strings.Contains(path, "secret") }, "")
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for i := range x.Index.Len() {
		e, err := x.Index.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := f.Numbers(i, &e)
		if ok == f.Omission.LeavesOut(i) || ok && r.First != next {
			t.Errorf("%d: %v, %v", i, r, ok)
		}
		if !ok {
			continue
		}
		next++
		found, err := f.Resolve(&choice.Choice{Of: f.Validator(), Ranges: []choice.Range{r}})
		if err != nil || len(found) != 1 || found[0].From != i {
			t.Errorf("%d: %v, %v", i, found, err)
		}
	}
	for _, c := range []choice.Choice{
		{Of: "other", Ranges: []choice.Range{{}}},
		{Of: f.Validator(), Ranges: []choice.Range{{Last: next}}},
		{Names: []string{"a/secret/key"}}, {Names: []string{"none"}},
	} {
		if found, err := f.Resolve(&c); err == nil {
			t.Errorf("%+v: %v", c, found)
		}
	}
}

// TestLookup: each type of entry has its kind.
func TestLookup(t *testing.T) {
	x := tree(t)
	for path, want := range map[string]plan.Kind{"a": plan.Dir, "a/two": plan.File,
		"link": plan.Link, "none": plan.Missing, "a/two/x": plan.Missing} {
		var n plan.Node
		ok, err := x.Lookup(path, &n)
		if err != nil || n.Kind != want || ok != (want != plan.Missing) ||
			want == plan.File && n.Size != 2 {
			t.Errorf("%s: %+v, %v, %v", path, n, ok, err)
		}
	}
}
