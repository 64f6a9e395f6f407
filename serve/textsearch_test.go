package serve_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text"
)

// textHits is what a search in text answers.
type textHits struct {
	Query, In, Next string
	Indexed         int
	Entries         []struct {
		Name, Href, Title string
		Snippet           []struct {
			Text string
			Mark bool
		}
		Same []struct{ Name, Href string }
	}
}

// names returns the paths of the hits, each with those of the same title.
func (h textHits) names() string {
	var all []string
	for _, e := range h.Entries {
		name := e.Name
		for _, s := range e.Same {
			name += "+" + s.Name
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// searchText searches for a query in text.
func searchText(t testing.TB, r *running, query, more string) (h textHits) {
	t.Helper()
	target := "/?list&format=json&in=text&q=" + url.QueryEscape(query) + more
	status, body := fetch(t, plainClient, r.url(target))
	if err := json.Unmarshal([]byte(body), &h); err != nil || status != 200 {
		t.Fatalf("%s: %d %v: %s", query, status, err, body)
	}
	return h
}

// indexText builds the text index of an archive.
func indexText(t testing.TB, name string) {
	t.Helper()
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = text.Build(t.Context(), a, name+text.Suffix, text.BuildOptions{})
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
}

var textFiles = files{
	"docs/vec.html":        "<title>Vec</title><main>An array of &lt;script&gt; lanterns</main>",
	"docs/a/index.html":    "<title>Same</title><p>first lantern",
	"docs/b/index.html":    "<title>Same</title><p>second lantern",
	".secret/x.txt":        "hidden lantern",
	"docs/old.bak/x.txt":   "hidden lantern, too",
	"notes.txt":            strings.Repeat("filler ", 20_000) + "a late lantern",
	"a & <b> \"c\" #?.txt": "quoted lantern",
	"script.js":            "lantern",
}

func TestSearchText(t *testing.T) {
	name := textFiles.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	indexText(t, name)
	r := start(t, serve.Options{Listing: true, HideMore: []string{"*.bak"},
		Archives: []serve.Archive{{Path: name}}})
	h := searchText(t, r, "lanterns", "")
	if h.Indexed != 1 || len(h.Entries) != 4 || h.In != "text" || h.Next != "" {
		t.Fatalf("%+v", h)
	}
	all := h.names()
	for _, want := range []string{"docs/vec.html", "docs/a/index.html+docs/b/index.html", "notes.txt",
		`a & <b> "c" #?.txt`} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
	if strings.Contains(all, "secret") || strings.Contains(all, "bak") {
		t.Errorf("hidden files: %s", all)
	}
	for _, e := range h.Entries {
		marked := false
		for _, p := range e.Snippet {
			marked = marked || p.Mark && strings.HasPrefix(p.Text, "lantern")
		}
		if !marked {
			t.Errorf("%s: nothing is marked in %+v", e.Name, e.Snippet)
		}
		status, _ := fetch(t, plainClient, r.url("/"+strings.TrimPrefix(e.Href, "./")))
		if status != 200 {
			t.Errorf("%s: %d", e.Href, status)
		}
	}
	if got := searchText(t, r, "vec", "").names(); got != "docs/vec.html" {
		t.Error(got)
	}
}

// TestSearchTextPages goes through the hits one by one.
func TestSearchTextPages(t *testing.T) {
	name := textFiles.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	indexText(t, name)
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	want := searchText(t, r, "lantern", "")
	var got []string
	for h := searchText(t, r, "lantern", "&limit=1"); ; {
		got = append(got, h.names())
		if h.Next == "" {
			break
		}
		_, body := fetch(t, plainClient, r.url("/"+h.Next))
		h = textHits{}
		if err := json.Unmarshal([]byte(body), &h); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, " ") != want.names() {
		t.Errorf("%q, want %q", got, want.names())
	}
	h := searchText(t, r, "lantern", "&offset=9000000000000000000")
	if len(h.Entries) != 0 || h.Next != "" {
		t.Errorf("behind the end: %+v", h)
	}
	for _, query := range []string{
		"?list&in=text", "?list&q=a&in=other", "?list&q=a&in=text&limit=101",
		"?list&q=%20&in=text", "?list&q=a&in=text&sort=name",
	} {
		if status, _ := fetch(t, plainClient, r.url("/"+query)); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
}

// TestSearchTextPage: the page of a search shows hits in text, without any script, and nothing of
// them is markup.
func TestSearchTextPage(t *testing.T) {
	name := textFiles.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	indexText(t, name)
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	for _, target := range []string{
		"/?list&q=lanterns", "/?list&q=lanterns&in=text", "/docs/?list&q=lanterns",
	} {
		_, body := fetch(t, plainClient, r.url(target))
		for _, want := range []string{"An array of &lt;script&gt; <mark>lanterns</mark>",
			`a%20%26%20%3Cb%3E%20%22c%22%20%23%3F.txt"`, "Same title: "} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: not %s in %s", target, want, body)
			}
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, "<b>") {
			t.Errorf("%s: markup of a file: %s", target, body)
		}
	}
	_, body := fetch(t, plainClient, r.url("/?list&q=nothing&in=text"))
	if !strings.Contains(body, "No file here has that in its text") {
		t.Error(body)
	}
}

// TestSearchTextWithout: without a text index, pages and JSON are what they were, and a search in
// text says so.
func TestSearchTextWithout(t *testing.T) {
	name := textFiles.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	if h := searchText(t, r, "lantern", ""); h.Indexed != 0 || len(h.Entries) != 0 {
		t.Errorf("%+v", h)
	}
	_, body := fetch(t, plainClient, r.url("/?list&q=vec"))
	if strings.Contains(body, `class="hits"`) || !strings.Contains(body, "vec.html") {
		t.Error(body)
	}
	_, body = fetch(t, plainClient, r.url("/?list&q=vec&in=text"))
	if !strings.Contains(body, "no archive has an index of its text") {
		t.Error(body)
	}
	if log := r.log.String(); strings.Contains(log, ".tpx") {
		t.Error(log)
	}
}

// TestSearchTextReplaced: a text index that comes, goes, is stale or damaged is noticed at the next
// search. What can't be used is logged once.
func TestSearchTextReplaced(t *testing.T) {
	dir := t.TempDir()
	name := textFiles.pack(t, filepath.Join(dir, "a.tar.gz"))
	other := files{"other.txt": "lantern"}.pack(t, filepath.Join(dir, "b.tar.gz"))
	indexText(t, name)
	indexText(t, other)
	good, err := os.ReadFile(name + text.Suffix)
	if err != nil {
		t.Fatal(err)
	}
	stale, err := os.ReadFile(other + text.Suffix)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(good)
	damaged[len(damaged)/2] ^= 1
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	for _, c := range []struct {
		content []byte
		indexed int
		notice  string
	}{
		{nil, 0, ""}, {good, 1, ""},
		{stale, 0, "belongs to another state of the archive: searches find names only"},
		{good, 1, ""}, {damaged, 0, "is corrupt"}, {good[:len(good)/2], 0, "is corrupt"},
		{[]byte{}, 0, "truncated"},
		{good, 1, ""}, {nil, 0, ""},
	} {
		before := 0
		if c.notice != "" {
			before = strings.Count(r.log.String(), c.notice)
		}
		if c.content == nil {
			err = os.Remove(name + text.Suffix)
		} else {
			if err = os.WriteFile(filepath.Join(dir, "new"), c.content, 0o644); err == nil {
				err = os.Rename(filepath.Join(dir, "new"), name+text.Suffix)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			h := searchText(t, r, "lantern", "")
			if h.Indexed != c.indexed || len(h.Entries) > 0 != (c.indexed > 0) {
				t.Errorf("%q: %+v", c.notice, h)
			}
		}
		if c.notice != "" && strings.Count(r.log.String(), c.notice) != before+1 {
			t.Errorf("%q: not logged once: %s", c.notice, r.log)
		}
	}
}

// TestSearchTextSigned: a text index is not signed, so that of a signed archive is not used.
func TestSearchTextSigned(t *testing.T) {
	name, trust := packSigned(t, textFiles)
	indexText(t, name)
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}, Trust: trust})
	if h := searchText(t, r, "lantern", ""); h.Indexed != 0 {
		t.Errorf("%+v", h)
	}
}

// TestSearchTextMounts: hits of several archives are one list, below their mounts. What another
// archive answers is not in it.
func TestSearchTextMounts(t *testing.T) {
	dir := t.TempDir()
	a := files{"x.txt": "lantern lantern", "same.txt": "lantern of a"}.pack(t,
		filepath.Join(dir, "a.tar.gz"))
	b := files{"y.txt": "lantern and more words", "same.txt": "lantern of b"}.pack(t,
		filepath.Join(dir, "b.tar.gz"))
	c := files{"z.txt": "a lantern in c"}.pack(t, filepath.Join(dir, "c.tar.gz"))
	for _, name := range []string{a, b, c} {
		indexText(t, name)
	}
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: a}, {Path: b},
		{Path: c, Mount: "/sub"}}})
	h := searchText(t, r, "lantern", "")
	got := map[string]int{}
	for _, e := range h.Entries {
		got[e.Name]++
	}
	if h.Indexed != 3 || len(got) != 4 || got["x.txt"] != 1 || got["y.txt"] != 1 ||
		got["same.txt"] != 1 || got["sub/z.txt"] != 1 {
		t.Errorf("%+v", h)
	}
}

// TestSearchTextFolder: with scope=folder, page and JSON have only what is in the folder.
func TestSearchTextFolder(t *testing.T) {
	dir := t.TempDir()
	a := files{"docs/x.txt": "lantern of x", "docs/in/y.txt": "lantern of y",
		"docs-old/z.txt": "lantern of z",
		"docs.txt":       "lantern of docs"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	b := files{"v.txt": "lantern of v", "deep/w.txt": "lantern of w"}.pack(t,
		filepath.Join(dir, "b.tar.gz"))
	indexText(t, a)
	indexText(t, b)
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: a},
		{Path: b, Mount: "/docs/sub"}}})
	all := []string{"docs-old/z.txt", "docs.txt", "docs/in/y.txt", "docs/sub/deep/w.txt",
		"docs/sub/v.txt", "docs/x.txt"}
	for _, c := range []struct {
		folder string
		want   []string
	}{
		{"/?scope=folder&", all},
		{"/docs/?", all},
		{"/docs/?scope=folder&", all[2:]},
		{"/docs/in/?scope=folder&", all[2:3]},
		{"/docs/sub/?scope=folder&", all[3:5]},
		{"/docs/sub/deep/?scope=folder&", all[3:4]},
		{"/docs-old/?scope=folder&", all[:1]},
	} {
		target := c.folder + "list&q=lantern&in=text"
		var h textHits
		status, body := fetch(t, plainClient, r.url(target+"&format=json"))
		if err := json.Unmarshal([]byte(body), &h); err != nil || status != 200 {
			t.Fatalf("%s: %d %v: %s", target, status, err, body)
		}
		got := strings.Fields(h.names())
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", target, got, c.want)
		}
		_, page := fetch(t, plainClient, r.url(target))
		for _, name := range all {
			shown := strings.Contains(page, `<bdi class="dir">`+name+"</bdi>")
			if shown != slices.Contains(c.want, name) {
				t.Errorf("%s: %s on the page: %v", target, name, shown)
			}
		}
	}
}

// TestSearchTextGerman: the page has the hits in German, too.
func TestSearchTextGerman(t *testing.T) {
	name := textFiles.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	indexText(t, name)
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	for target, want := range map[string]string{
		"/?list&q=vec":             "Im Text von Dateien",
		"/?list&q=lantern&in=text": "Gleicher Titel:",
		"/?list&q=nowhere&in=text": "Keine Datei hier",
		"/?list&q=vec&in=text":     "In Namen",
	} {
		_, body := fetch(t, plainClient, r.url(target), "Accept-Language: de")
		if !strings.Contains(body, want) || strings.Contains(body, "In the text") {
			t.Errorf("%s: %s", target, body)
		}
	}
}
