package serve_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// totals are those of a folder in JSON, of itself or in its parent's list.
type totals struct {
	Entries      int
	Size, Packed int64
}

// tree is what TestFolderTotals needs of a listing.
type tree struct {
	Title   string
	Files   int
	Links   int
	Tree    *struct{ totals }
	Entries []struct {
		Name, Href, Type string
		totals
	}
}

// TestFolderTotals: what a folder's parent states of it, the folder itself, and the sum of what is
// in it are the same. Links have no size, and what is hidden counts nowhere.
func TestFolderTotals(t *testing.T) {
	content := words(3000)
	name := files{"a/one.txt": content, "a/b/two.txt": words(2000), "a/b/link": "-> ../one.txt",
		"a/b/same.txt": content, "a/.secret": words(9000), ".git/x/y": words(8000),
		"a/c/.env": words(7000), "a/c/shown": "1", "top.txt": "12", "long-link": "-> a/one.txt",
	}.pack(t, filepath.Join(t.TempDir(), "Some Site.tar.gz"))
	for what, hide := range map[string][]string{"hidden": nil, "all": {}} {
		o := listed(serve.Archive{Path: name})
		o.Hide = hide
		c := clients(t, o)[0]
		sizes := map[string]int64{}
		var check func(path string) totals
		check = func(path string) totals {
			var l tree
			getJSON(t, c, path+"?list&format=json", &l)
			if l.Tree == nil || l.Title != "Some Site" {
				t.Fatalf("%s, %s: %+v", what, path, l)
			}
			var sum totals
			for _, e := range l.Entries {
				sum.Entries++
				sum.Size += e.Size
				if e.Type != "dir" {
					continue
				}
				sum.Entries += e.Entries
				if below := check(path + e.Name + "/"); below != e.totals {
					t.Errorf("%s: %s%s has %+v, its parent states %+v", what, path, e.Name, below, e.totals)
				}
			}
			own := l.Tree.totals
			if own.Entries != sum.Entries || own.Size != sum.Size || own.Packed <= 0 {
				t.Errorf("%s: %s states %+v, and has %+v", what, path, own, sum)
			}
			sizes[path] = own.Size
			return own
		}
		check("/")
		want := map[string]int64{"/": 8003, "/a/": 8001, "/a/b/": 5000, "/a/c/": 1}
		if what == "all" {
			want = map[string]int64{"/": 32003, "/a/": 24001, "/a/b/": 5000, "/a/c/": 7001,
				"/.git/": 8000, "/.git/x/": 8000}
		}
		if fmt.Sprint(sizes) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", what, sizes, want)
		}
		_, page := c.do(t, "GET", "/a/")
		for _, text := range []string{"<title>a · Some Site</title>", "2 folders, 1 file",
			"≈ "} {
			if !strings.Contains(page, text) && what == "hidden" {
				t.Errorf("the page of /a/ lacks %q: %.3000s", text, page)
			}
		}
		_, page = c.do(t, "GET", "/")
		for _, text := range []string{"<title>Some Site</title>", "<bdi>Some Site</bdi></h1>",
			"unpacked", "packed", "saved by deduplication", ", 1 link<"} {
			if !strings.Contains(page, text) {
				t.Errorf("the page of the root lacks %q", text)
			}
		}
	}
}

// TestUnknownTotals: nothing is stated of a folder that several sources have.
func TestUnknownTotals(t *testing.T) {
	dir := t.TempDir()
	first := files{"both/x": "1", "one/x": "1"}.pack(t, filepath.Join(dir, "first.tar.gz"))
	second := files{"both/y": "22", "two/y": "22"}.pack(t, filepath.Join(dir, "second.tar.gz"))
	third := files{"z": "333"}.pack(t, filepath.Join(dir, "third.tar.gz"))
	c := clients(t, listed(serve.Archive{Path: first}, serve.Archive{Path: second},
		serve.Archive{Path: third, Mount: "/mounted"}))[0]
	var l tree
	getJSON(t, c, "/?list&format=json&sort=size", &l)
	got := ""
	for _, e := range l.Entries {
		got += fmt.Sprintf("%s %d %d, ", e.Name, e.totals.Entries, e.Size)
	}
	if want := "both 0 0, one 1 1, two 1 2, mounted 1 3, "; got != want || l.Tree != nil {
		t.Errorf("%s, want %s, %v", got, want, l.Tree)
	}
}

// TestCards: without a root mount, the root has a card for each mount.
func TestCards(t *testing.T) {
	dir := t.TempDir()
	o := listed()
	for i, f := range []files{
		{"ReadMe.MD": "# Title\n\n[![badge](x)](y)\n\nThe *first* [paragraph](x) & <b>.\n\nMore."},
		{"index.html": "<!doctype html><title>A &amp; page</title>", "README.md": "-> nowhere"},
		{"README.md": "", "index.html": "<title>\n second </title>", "x": "1"},
		{"other": "22"}, {".hidden": "1", "README.txt": "Title\n=====\n\n" + words(900)},
	} {
		name := fmt.Sprintf("site %d.tar.gz", i)
		o.Archives = append(o.Archives, serve.Archive{Path: f.pack(t, filepath.Join(dir, name)),
			Mount: fmt.Sprintf("/m%d", 8+i)})
	}
	for _, c := range clients(t, o) {
		_, page := c.do(t, "GET", "/")
		_, page, _ = strings.Cut(page, `class="cards"`)
		var got []string
		for _, card := range strings.Split(page, "<li><a ")[1:] {
			got = append(got, regexp.MustCompile(`<[^>]*>|\s+`).ReplaceAllString(card, " "))
		}
		if len(got) != 5 {
			t.Fatalf("%q", got)
		}
		for i, want := range []string{"The first paragraph &amp; &lt;b&gt;.", "A &amp; page", "second",
			"1 file", "…"} {
			if !strings.Contains(got[i], want) || !strings.Contains(got[i], fmt.Sprintf("site %d", i)) ||
				!strings.Contains(got[i], fmt.Sprintf("/m%d/", 8+i)) ||
				!strings.Contains(got[i], " unpacked ") {
				t.Errorf("card %d: %q, want %q", i, got[i], want)
			}
		}
	}
}

// TestNaturalOrder: names are in natural order, on all pages of a folder and backwards.
func TestNaturalOrder(t *testing.T) {
	want := []string{"a.txt", "B.txt", "c.txt", "file1", "file2", "File10", "file100", "z"}
	f := files{}
	for _, name := range want {
		f[name] = "x"
	}
	name := f.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	c := clients(t, listed(serve.Archive{Path: name}))[0]
	for _, query := range []string{"?list&format=json&limit=3",
		"?list&format=json&order=desc&limit=3"} {
		var got []string
		for next := query; next != ""; {
			l, names := list(t, c, "/"+next)
			got, next = append(got, names...), l.Next
		}
		if strings.Contains(query, "desc") {
			slices.Reverse(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// TestFilterAndScope: a filter covers the whole folder, and a search can stay in a folder.
func TestFilterAndScope(t *testing.T) {
	name := files{"docs/Guide one.md": "1", "docs/guide two.txt": "22", "docs/other": "3",
		"docs/sub/guide three.md": "4444", "guide": "5", "docs/a (1).jpg": "6", "Guide.go": "7",
		"my-guide": "8", "docs/sub/.guide": "hidden",
	}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		for target, want := range map[string]string{
			"/docs/?list&filter=GUIDE":         "Guide one.md|guide two.txt",
			"/docs/?list&filter=guide&limit=1": "Guide one.md",
			"/docs/?list&filter=gui+*.md":      "Guide one.md",
			"/docs/?list&filter=":              "sub|a (1).jpg|Guide one.md|guide two.txt|other",
			"/docs/?list&filter=nothing":       "",
			"/docs/?list&filter=s":             "sub",
			"/docs/?list&q=guide": "guide|Guide.go|docs/Guide one.md|docs/guide two.txt|" +
				"docs/sub/guide three.md|my-guide",
			"/docs/?list&q=guide&scope=folder": "docs/Guide one.md|docs/guide two.txt|" +
				"docs/sub/guide three.md",
			"/docs/sub/?list&q=guide&scope=folder":        "docs/sub/guide three.md",
			"/?list&q=guide+md":                           "docs/Guide one.md|docs/sub/guide three.md",
			"/?list&q=*.jpg":                              "docs/a (1).jpg",
			"/?list&q=guide&sort=size&order=desc&limit=2": "docs/sub/guide three.md|docs/guide two.txt",
			"/?list&q=guide&sort=name&limit=2":            "guide|Guide one.md",
			"/?list&q=docs/+three":                        "docs/sub/guide three.md",
		} {
			l, names := list(t, c, target+"&format=json")
			if strings.Contains(target, "sort=name") {
				for i := range names {
					names[i] = filepath.Base(names[i])
				}
			}
			if got := strings.Join(names, "|"); got != want {
				t.Errorf("%s: %q, want %q", target, got, want)
			}
			if strings.Contains(target, "limit=1") && l.Total != 2 {
				t.Errorf("%s: a total of %d", target, l.Total)
			}
		}
		for target, why := range map[string]string{"/?list&sort=match": "sort is",
			"/?list&q=x&scope=here": "scope is"} {
			if resp, body := c.do(t, "GET", target); resp.StatusCode != 400 ||
				!strings.Contains(body, why) {
				t.Errorf("%s: %d %q", target, resp.StatusCode, body)
			}
		}
		_, page := c.do(t, "GET", "/docs/?list&filter=s&sort=size&order=desc")
		if !strings.Contains(page, `href="./sub/?list&amp;filter=s&amp;sort=size&amp;order=desc"`) {
			t.Errorf("the order and the filter are lost in %.4000s", page)
		}
	}
}

// getJSON decodes the answer to a request.
func getJSON(t *testing.T, c *client, target string, to any) {
	t.Helper()
	resp, body := c.do(t, "GET", target)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d", target, resp.StatusCode)
	}
	if err := json.Unmarshal([]byte(body), to); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
}

// TestMissingPage: a browser that asks for what is not there gets a page that leads to the root,
// and to a search for the name. Others get one line.
func TestMissingPage(t *testing.T) {
	name := files{"a/b.txt": "b"}.pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		resp, page := c.do(t, "GET", "/a/x/y%22%3E%3Cscript%3E.txt", "Accept: text/html")
		for _, want := range []string{`href="../../?list&amp;asset=list-`, `action="../../"`,
			`value="y&#34;&gt;&lt;script&gt;.txt"`, "<title>Not found · site</title>",
			`<a href="../"><bdi>a</bdi></a>`, `rel="up" href="../"`,
			`/a/x/y&#34;&gt;&lt;script&gt;.txt`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q in %s", c.name, want, page)
			}
		}
		if resp.StatusCode != 404 || resp.Header.Get("ETag") != "" ||
			strings.Contains(page, "<script>") ||
			!strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %v", c.name, resp.StatusCode, resp.Header)
		}
		if resp, page := c.do(t, "HEAD", "/x", "Accept: text/html"); resp.StatusCode != 404 ||
			resp.ContentLength < 1000 || page != "" {
			t.Errorf("%s, HEAD: %d %d", c.name, resp.StatusCode, resp.ContentLength)
		}
		if resp, line := c.do(t, "GET", "/x"); resp.StatusCode != 404 || line != "404 Not Found\n" ||
			!strings.Contains(strings.Join(resp.Header["Vary"], ","), "Accept") {
			t.Errorf("%s: %d %q %v", c.name, resp.StatusCode, line, resp.Header)
		}
	}
}

// TestLanguages: pages are in English or German, each with a tag of its own. JSON is not.
func TestLanguages(t *testing.T) {
	name := files{"a/b.txt": "b"}.pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		tags := map[string]bool{}
		for accept, want := range map[string]string{"de-DE,de;q=0.9": `lang="de"`, "fr": `lang="en"`} {
			resp, page := c.do(t, "GET", "/a/", "Accept-Language: "+accept)
			if tags[resp.Header.Get("ETag")] = true; !strings.Contains(page, want) || strings.Contains(page,
				"Geändert") != (want == `lang="de"`) ||
				!strings.Contains(strings.Join(resp.Header["Vary"], ","), "Accept-Language") {
				t.Errorf("%s, %s: %v %.200s", c.name, accept, resp.Header, page)
			}
			if resp, page = c.do(t, "GET", "/no", "Accept: text/html", "Accept-Language: "+
				accept); !strings.Contains(page, want) {
				t.Errorf("%s, %s: %d %.200s", c.name, accept, resp.StatusCode, page)
			}
		}
		if len(tags) != 2 || tags[""] {
			t.Errorf("%s: %v", c.name, tags)
		}
		_, one := c.do(t, "GET", "/a/?format=json", "Accept-Language: de")
		resp, two := c.do(t, "GET", "/a/?format=json")
		if one != two || strings.Contains(strings.Join(resp.Header["Vary"], ","), "Language") {
			t.Errorf("%s: JSON depends on the language: %v", c.name, resp.Header)
		}
	}
}
