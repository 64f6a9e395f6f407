package serve_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/serve/internal/archives/browse"

	"github.com/tarpack/tpk/serve"
)

// TestBadQueries: the answer to a malformed value is a 400 with one line, and not the beginning of
// the listing.
func TestBadQueries(t *testing.T) {
	name := files{"d/one": "1", "d/two": "2", "d/three": "3"}.pack(t,
		filepath.Join(t.TempDir(), "site.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		t.Run(c.name, func(t *testing.T) {
			for query, want := range map[string]string{
				"offset=x": "offset is a number", "offset=": "offset is a number",
				"offset=-1": "offset is a number", "offset=99999999999999999999": "offset is a number",
				"offset=1.5": "offset is a number", "limit=0": "limit is a number from 1 to 5000",
				"limit=-3": "limit is a number", "limit=5001": "limit is a number",
				"limit=x": "limit is a number", "sort=foo": "sort is name, size, packed or date",
				"sort=": "sort is", "order=foo": "order is asc or desc",
				"format=foo": "format is html or json", "offset=%zz": "the query is malformed",
				"download=foo": "download is tar.gz, zip, tpi, tpx, tpv, sum or minisig",
			} {
				testBadQuery(t, c, query, want)
			}
			for _, query := range []string{"offset=0&limit=5000", "sort=name&order=asc&format=html",
				"utm_source=x", "offset=9223372036854775807"} {
				if resp, body := c.do(t, "GET", "/d/?"+query); resp.StatusCode != 200 ||
					!strings.Contains(body, "<html") {
					t.Errorf("%s: %d", query, resp.StatusCode)
				}
			}
			for _, query := range []string{"", "&q=o"} {
				for _, offset := range []string{"3", "4", "5000", "9223372036854775807"} {
					if query != "" && len(offset) < 5 { // of a search these are no places
						continue
					}
					l, names := list(t, c, "/d/?format=json&offset="+offset+query)
					if len(names) > 0 || l.Next != "" {
						t.Errorf("%s at %s: %q, %q", query, offset, names, l.Next)
					}
				}
			}
			if _, body := c.do(t, "GET", "/d/?limit=2&offset=7"); !strings.Contains(body,
				"The list ends before this page") ||
				!strings.Contains(body, `href="./?list=here&amp;limit=2"`) {
				t.Errorf("behind the end: %s", body)
			}
		})
	}
}

// testBadQuery sends a malformed query alone and with others.
func testBadQuery(t *testing.T, c *client, query, want string) {
	t.Helper()
	for _, more := range []string{"", "&format=json", "&q=o"} {
		for _, method := range []string{"GET", "HEAD"} {
			resp, body := c.do(t, method, "/d/?"+query+more)
			if resp.StatusCode != 400 || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" ||
				method == "GET" && (!strings.HasPrefix(body, "400 Bad Request: "+
					want) || strings.Count(body, "\n") != 1) {
				t.Errorf("%s %s: %d %q", method, query+more, resp.StatusCode, body)
			}
		}
	}
}

// download is the description of downloads in JSON.
type download struct {
	Download *struct {
		TarGz   string `json:"tar.gz"`
		Zip     string
		Partial bool
	}
	Incomplete bool
	Total      *int
}

func asked(t *testing.T, c *client, target string) (d download) {
	t.Helper()
	_, body := c.do(t, "GET", target)
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return d
}

// TestWhatDownloadsHold: page and JSON mention if a folder has more than its download.
func TestWhatDownloadsHold(t *testing.T) {
	dir := t.TempDir()
	first := files{"one/a": "1", "both/a": "1", "plain/a": "1", "under/a": "1", "x": "1"}.pack(t,
		filepath.Join(dir, "first.tar.gz"))
	second := files{"both/b": "2", "two/b": "2"}.pack(t, filepath.Join(dir, "second.tar.gz"))
	third := files{"c": "3"}.pack(t, filepath.Join(dir, "third.tar.gz"))
	fallback := filepath.Join(dir, "fallback")
	files{"plain/b": "p", "only/b": "p", "one/.hidden": "p"}.write(t, fallback)
	config := listed(serve.Archive{Path: first}, serve.Archive{Path: second},
		serve.Archive{Path: third, Mount: "/under/third"})
	config.Fallback = fallback
	for _, c := range clients(t, config) {
		t.Run(c.name, func(t *testing.T) {
			for target, want := range map[string]string{
				"/": "partial", "/one/": "whole", "/both/": "partial", "/two/": "whole",
				"/plain/": "partial", "/under/": "partial", "/under/third/": "whole", "/only/": "none",
			} {
				got := "none"
				if d := asked(t, c, target+"?format=json").Download; d != nil {
					got = map[bool]string{true: "partial", false: "whole"}[d.Partial]
					if d.TarGz != "./?list&download=tar.gz" || d.Zip != "./?list&download=zip" {
						t.Error(target, d)
					}
				}
				_, body := c.do(t, "GET", target)
				if got != want || strings.Contains(body, "download=") != (want != "none") {
					t.Errorf("%s: %s, want %s", target, got, want)
				}
				if note := strings.Contains(body,
					"The downloads hold only what the archive “"); note != (want == "partial") {
					t.Errorf("%s: %s and a note: %v", target, want, note)
				}
			}
		})
	}
}

// TestNoDownload: neither archives, nor folders, nor nested packs can be downloaded.
func TestNoDownload(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	files{"plain": "p", "a/old": "p"}.write(t, tree)
	made := files{"f": "1", "sub/g": "2"}.pack(t, filepath.Join(dir, "made.tar.gz"))
	for _, suffix := range []string{"", ".tpi"} {
		if err := os.Rename(made+suffix, filepath.Join(tree, "a/pack.tar.gz"+suffix)); err != nil {
			t.Fatal(err)
		}
	}
	for _, no := range []bool{true, false} {
		config := serve.Options{Fallback: tree, Nested: true, Listing: true, NoDownload: no}
		for _, c := range clients(t, config) {
			t.Run(fmt.Sprint(c.name, no), func(t *testing.T) {
				want := 200
				if no {
					want = 404
				}
				for _, target := range []string{"/a/?list&download=tar.gz", "/a/?list&download=tpi",
					"/a/?list&download=zip", "/a/sub/?list&download=zip", "/a/sub/?list&download=tar.gz"} {
					if resp, _ := c.do(t, "GET", target); resp.StatusCode != want {
						t.Errorf("%s: %d, want %d", target, resp.StatusCode, want)
					}
				}
				if d := asked(t, c, "/a/sub/?format=json"); (d.Download == nil) != no {
					t.Error(d.Download)
				}
				if _, body := c.do(t, "GET", "/a/sub/"); strings.Contains(body, "download=") == no ||
					no && strings.Contains(body, `name="download"`) {
					t.Error("the page has buttons", !no)
				}
				// The pack is served as the folder, and is not a file of it.
				if _, names := list(t, c, "/a/?format=json"); !slices.Equal(names,
					[]string{"sub", "f", "old"}) {
					t.Errorf("%q", names)
				}
				if l, names := list(t, c, "/?format=json&q=pack"); len(names) > 0 || l.Total != 0 {
					t.Errorf("found %q", names)
				}
				for _, target := range []string{"/a/pack.tar.gz", "/a/pack.tar.gz.tpi"} {
					if resp, _ := c.do(t, "GET", target); resp.StatusCode != 404 {
						t.Errorf("%s: %d", target, resp.StatusCode)
					}
				}
			})
		}
	}
}

// TestPackThatIsNone: a file with the name of a pack, of its index or of a temporary file of these
// is never sent or listed, whatever it holds: a damaged pack still has what is hidden.
func TestPackThatIsNone(t *testing.T) {
	pack := readFile(t, files{".env": "secret", "f": "1"}.pack(t,
		filepath.Join(t.TempDir(), "made.tar.gz")))
	for what, content := range map[string]string{
		"no magic": "XX" + pack[2:], "random": "\x8f\x02rubbish", "empty": "", "cut short": pack[:40],
		"zeros": strings.Repeat("\x00", len(pack)),
	} {
		tree := filepath.Join(t.TempDir(), "tree")
		names := []string{"pack.tar.gz", "pack.tar.gz.tpi", ".pack.tar.gz.123.tmp"}
		made := files{"a/plain": "p"}
		for _, name := range names {
			made["a/"+name] = content
		}
		made.write(t, tree)
		filetest.NeedSymlinks(t)
		if err := os.Symlink("pack.tar.gz", filepath.Join(tree, "a/link")); err != nil {
			t.Fatal(err)
		}
		for _, c := range clients(t, serve.Options{Fallback: tree, Nested: true, Hide: []string{},
			Log: func(string) {}, Listing: true}) {
			eventually(t, what+": the folder is answered", func() bool {
				resp, _ := c.do(t, "GET", "/a/plain")
				return resp.StatusCode == 200
			})
			for _, name := range append(names, "link") {
				if resp, body := c.do(t, "GET", "/a/"+name); resp.StatusCode != 404 {
					t.Errorf("%s, %s: %s: %d %q", what, c.name, name, resp.StatusCode, body)
				}
			}
			for _, target := range []string{"/a/?format=json", "/?format=json&q=pack.t"} {
				_, listed := list(t, c, target)
				if slices.ContainsFunc(listed, func(n string) bool { return strings.Contains(n, "pack.t") }) {
					t.Errorf("%s, %s: %s: %q", what, c.name, target, listed)
				}
			}
		}
	}
}

// TestSearchPlain: a search also finds plain files, each once, and packs that no request has come
// across. What begins with the word comes first, even if it is a plain file.
func TestSearchPlain(t *testing.T) {
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	files{"x-plain": "p", "sub/X2": "p", "sub/shadowed-x": "p", "xdir/other": "p",
		".x-hidden/x": "p", "deep/a/b/x3": "p", "packed/plain-x": "p"}.write(t, tree)
	first := files{"sub/shadowed-x": "1", "ax": "1"}.pack(t, filepath.Join(dir, "first.tar.gz"))
	files{"in-pack-x": "2"}.pack(t, filepath.Join(tree, "packed/pack.tar.gz"))
	archived := []string{"ax", "sub/shadowed-x"}
	plain := []string{"x-plain", "xdir", "deep/a/b/x3", "packed/plain-x", "sub/X2"}
	for name, test := range map[string]struct {
		config serve.Options
		want   []string
	}{
		"fallback": {serve.Options{Archives: []serve.Archive{{Path: first}}, Fallback: tree},
			append(slices.Clone(plain), archived...)},
		"nested": {serve.Options{Fallback: tree, Nested: true},
			append(slices.Clone(plain), "packed/in-pack-x", "sub/shadowed-x")},
	} {
		test.config.Listing = true
		for _, c := range clients(t, test.config) {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				l, names := list(t, c, "/?q=x&format=json")
				if name == "fallback" { // the pack is a file there
					names = slices.DeleteFunc(names,
						func(n string) bool { return strings.HasPrefix(n, "packed/pack.") })
				}
				if !slices.Equal(sorted(names), sorted(test.want)) ||
					!slices.Equal(names[:1], test.want[:1]) || l.Total == 0 {
					t.Errorf("%q, want %q", names, test.want)
				}
				var paged []string
				for next := "/?q=x&format=json&limit=1"; next != "" && len(paged) < 20; {
					l, names := list(t, c, next)
					paged = append(paged, names...)
					if next = l.Next; next != "" {
						next = "/" + next
					}
				}
				if !slices.Equal(sorted(paged), sorted(test.want)) {
					t.Errorf("by ones: %q", paged)
				}
				if _, names := list(t, c, "/?q=SUB/&format=json"); !slices.Equal(sorted(names),
					[]string{"sub/X2", "sub/shadowed-x"}) {
					t.Errorf("with a slash: %q", names)
				}
				if asked(t, c, "/?q=x&format=json").Incomplete {
					t.Error("it is complete")
				}
			})
		}
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// TestSearchManyPlain: the result is marked if there are more plain files than a search looks at.
func TestSearchManyPlain(t *testing.T) {
	tree := t.TempDir()
	for d := range 21 {
		err := os.Mkdir(filepath.Join(tree, fmt.Sprintf("d%02d", d)), 0o755)
		for i := range browse.MaxPlain / 20 {
			err = errors.Join(err, os.WriteFile(filepath.Join(tree,
				fmt.Sprintf("d%02d/f%04d", d, i)), nil, 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range clients(t, serve.Options{Fallback: tree, Listing: true}) {
		d := asked(t, c, "/?q=f0007&format=json")
		if !d.Incomplete || d.Total != nil {
			t.Errorf("%s: %+v", c.name, d)
		}
		if _, names := list(t, c, "/?q=f0007&format=json"); len(names) != 20 {
			t.Errorf("%s: %d found", c.name, len(names))
		}
		if _, body := c.do(t, "GET", "/?q=f0007"); !strings.Contains(body,
			"only the first 20,000 were looked at") {
			t.Errorf("%s: the page does not say it", c.name)
		}
	}
}
