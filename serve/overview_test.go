package serve_test

import (
	"cmp"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// sums are how much there is, in an overview.
type sums struct {
	Entries      int
	Size, Packed int64
}

// overviewed is an overview in JSON.
type overviewed struct {
	Title   string
	Tree    *totals
	Folders []struct {
		Name, Href string
		sums
	}
	More       sums `json:"more_folders"`
	Own        sums `json:"files_here"`
	Incomplete string
	Types      []struct {
		Media, Kind  string
		Files        int
		Size, Packed int64
	}
	Largest []struct {
		Name, Href   string
		Size, Packed int64
	}
	Duplicates []struct {
		Saved, Size, Packed int64
		Copies              int
		Names               []struct{ Name, Href string }
	}
}

// TestOverview: the totals of an overview, of its folders and of its types are those of the folder
// page. What is hidden counts nowhere, also if its content has another name.
func TestOverview(t *testing.T) {
	same, more := words(3000), words(5000)
	name := files{"a/one.txt": same, "a/b/two.html": "<!doctype html>" + words(2000),
		"a/b/link": "-> ../one.txt", "a/b/same.txt": same, "c/d/same.txt": same, "top.css": "a{}",
		"a/.secret": more, "c/shown-a": more, "c/shown-b": more, ".git/x/y": words(8000),
		"a/one.png": "\x89PNG\r\n\x1a\n" + noise(900), "e/f/g/h.txt": "deep",
	}.pack(t, filepath.Join(t.TempDir(), "Some Site.tar.gz"))
	for what, hide := range map[string][]string{"hidden": nil, "all": {}} {
		o := listed(serve.Archive{Path: name})
		o.Hide = hide
		c := clients(t, o)[0]
		for _, path := range []string{"/", "/a/", "/a/b/", "/c/", "/e/"} {
			checkOverview(t, c, what+" "+path, path)
		}
		var root overviewed
		getJSON(t, c, "/?list=overview&format=json", &root)
		_, page := c.do(t, "GET", "/?list=overview")
		if what == "hidden" && (strings.Contains(page, "secret") || strings.Contains(page, ".git")) {
			t.Error("the overview has what is hidden")
		}
		copies := map[int64]int{}
		for _, d := range root.Duplicates {
			copies[d.Size] = d.Copies
		}
		if want := map[string]int{"hidden": 2, "all": 3}[what]; copies[5000] != want ||
			copies[3000] != 3 || len(copies) != 2 {
			t.Errorf("%s: %v", what, copies)
		}
	}
}

// checkOverview compares an overview with the listing of the folder.
func checkOverview(t *testing.T, c *client, what, path string) {
	t.Helper()
	var o overviewed
	var l tree
	getJSON(t, c, path+"?list=overview&format=json", &o)
	getJSON(t, c, path+"?list&format=json", &l)
	if o.Tree == nil || *o.Tree != l.Tree.totals || o.Title != l.Title || o.Incomplete != "" {
		t.Fatalf("%s: %+v, the listing has %+v", what, o.Tree, l.Tree)
	}
	folders := 0
	for _, e := range l.Entries {
		if e.Type != "dir" {
			continue
		}
		folders++
		i := slices.IndexFunc(o.Folders, func(f struct {
			Name, Href string
			sums
		}) bool {
			return f.Name == e.Name || strings.HasPrefix(f.Name, e.Name+"/")
		})
		if i < 0 || o.Folders[i].Size != e.Size || o.Folders[i].Packed != e.Packed ||
			o.Folders[i].Name == e.Name && o.Folders[i].Entries != e.Entries {
			t.Errorf("%s: %s is not %+v in %+v", what, e.Name, e.totals, o.Folders)
		}
	}
	if len(o.Folders) != folders {
		t.Errorf("%s: %d folders of %d", what, len(o.Folders), folders)
	}
	var types sums
	for _, y := range o.Types {
		types.Size += y.Size
		types.Packed += y.Packed
	}
	if types.Size != o.Tree.Size || types.Packed != o.Tree.Packed {
		t.Errorf("%s: the types have %+v, all %+v", what, types, o.Tree)
	}
	if !slices.IsSortedFunc(o.Largest, func(a, b struct {
		Name, Href   string
		Size, Packed int64
	}) int {
		return cmp.Compare(b.Size, a.Size)
	}) {
		t.Errorf("%s: %+v", what, o.Largest)
	}
	for _, f := range o.Largest {
		resp, body := c.do(t, "GET", path+f.Href)
		if resp.StatusCode != 200 || int64(len(body)) != f.Size {
			t.Errorf("%s: %s: %d, %d bytes", what, f.Href, resp.StatusCode, len(body))
		}
	}
}

// TestOverviewDuplicates: each content has the number of its names, what they save, and the names.
func TestOverviewDuplicates(t *testing.T) {
	tree := files{"one": noise(2000), "two": noise(2000), "x/only": noise(3000)}
	for i := range 9 {
		tree[fmt.Sprintf("x/copy-%d", i)] = noise(1000)
	}
	c := clients(t, listed(serve.Archive{
		Path: tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))}))[0]
	var o overviewed
	getJSON(t, c, "/?list=overview&format=json", &o)
	got := ""
	for _, d := range o.Duplicates {
		got += fmt.Sprintf("%d × %d, %d names, %t; ", d.Copies, d.Size, len(d.Names),
			d.Saved == int64(d.Copies-1)*d.Packed)
	}
	if want := "9 × 1000, 6 names, true; 2 × 2000, 2 names, true; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, page := c.do(t, "GET", "/x/?list=overview")
	for _, text := range []string{"and 3 more", `href="../x/copy-1"`, "<bdi>copy-1</bdi>"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q", text)
		}
	}
}

// TestOverviewAnswers: an overview has validators, a policy and a language, and bad keys are
// refused.
func TestOverviewAnswers(t *testing.T) {
	name := files{"d/a.txt": words(100), "b.txt": "b"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		resp, page := c.do(t, "GET", "/?list=overview&by=packed&color=ratio")
		tag := resp.Header.Get("ETag")
		if resp.StatusCode != 200 || tag == "" || !strings.Contains(
			resp.Header.Get("Content-Security-Policy"), "style-src 'self'") ||
			!strings.Contains(page, `href="./d/?by=packed&amp;color=ratio&amp;list=overview"`) ||
			regexp.MustCompile(`\sstyle=|<script>`).MatchString(page) {
			t.Fatalf("%d %v %.2000s", resp.StatusCode, resp.Header, page)
		}
		if resp, _ = c.do(t, "GET", "/?list=overview&by=packed&color=ratio",
			"If-None-Match: "+tag); resp.StatusCode != http.StatusNotModified {
			t.Error(resp.StatusCode)
		}
		if resp, body := c.do(t, "HEAD", "/?list=overview"); resp.StatusCode != 200 || body != "" {
			t.Error(resp.StatusCode, body)
		}
		_, page = c.do(t, "GET", "/d/?list=overview", "Accept-Language: de")
		if !strings.Contains(page, "Größte Dateien") || !strings.Contains(page, " %</td>") {
			t.Error("not in German")
		}
		for _, target := range []string{"/?list=overview&by=x", "/?list=overview&color=x",
			"/d/?list&view=x"} {
			if resp, _ := c.do(t, "GET", target); resp.StatusCode != 400 {
				t.Error(target, resp.StatusCode)
			}
		}
		if resp, _ := c.do(t, "GET", "/none/?list=overview"); resp.StatusCode != 404 {
			t.Error(resp.StatusCode)
		}
	}
}

// TestOverviewOfMounts: mounts have an overview of all of them, and what several sources share has
// none.
func TestOverviewOfMounts(t *testing.T) {
	dir := t.TempDir()
	a := files{"x.txt": words(1000), "d/y": "1"}.pack(t, filepath.Join(dir, "a.tar.gz"))
	b := files{"z": noise(500)}.pack(t, filepath.Join(dir, "b.tar.gz"))
	c := clients(t, listed(serve.Archive{Path: a, Mount: "/m/a"},
		serve.Archive{Path: b, Mount: "/m/b"}))[0]
	for path, want := range map[string]string{"/": "[m/a m/b] 1501 4", "/m/": "[a b] 1501 4",
		"/m/a/": "[d] 1001 3", "/m/a/d/": "[] 1 1"} {
		var o overviewed
		getJSON(t, c, path+"?list=overview&format=json", &o)
		var names []string
		for _, f := range o.Folders {
			names = append(names, f.Name)
			if resp, _ := c.do(t, "GET", path+f.Href); resp.StatusCode != 200 {
				t.Errorf("%s%s: %d", path, f.Href, resp.StatusCode)
			}
		}
		if got := fmt.Sprint(names, o.Tree.Size, o.Tree.Entries); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	plain := filepath.Join(dir, "plain")
	files{"p": "p"}.write(t, plain)
	shared := listed(serve.Archive{Path: a}, serve.Archive{Path: b})
	mixed := listed(serve.Archive{Path: a})
	mixed.Fallback = plain
	for _, o := range []serve.Options{shared, mixed} {
		c := clients(t, o)[0]
		var got overviewed
		getJSON(t, c, "/?list=overview&format=json", &got)
		_, page := c.do(t, "GET", "/")
		_, over := c.do(t, "GET", "/?list=overview")
		if got.Incomplete != "shared" || got.Tree != nil || strings.Contains(page, "list=overview") ||
			!strings.Contains(over, "totals only of folders that one archive has") {
			t.Errorf("%+v", got)
		}
	}
}
