package serve_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/export"
)

// listed serves an archive with listings.
func listed(archives ...serve.Archive) serve.Options {
	return serve.Options{Archives: archives, Listing: true}
}

// TestFolderDownloads compares folder downloads with exports of the same folders: whole, in ranges,
// and conditional.
func TestFolderDownloads(t *testing.T) {
	a, err := tarpack.Open(context.Background(), packedSite(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	testFolderDownloads(t, packedSite(t), a)
}

func testFolderDownloads(t *testing.T, name string, a *tarpack.Archive) {
	o := serve.Options{Archives: []serve.Archive{{Path: name}}, Hide: []string{}} // all of it
	for _, c := range clients(t, o) {
		for _, d := range []struct {
			folder, file string
			format       export.Format
		}{
			{"docs", "docs.zip", export.Zip}, {"docs", "docs.tar.gz", export.TarGz}, {"",
				"site.zip", export.Zip}, {"", "site.tar.gz", export.TarGz},
		} {
			t.Run(c.name+"/"+d.file, func(t *testing.T) {
				f, err := export.Folder(a, d.folder, d.format)
				if err != nil {
					t.Fatal(err)
				}
				var want bytes.Buffer
				if _, err := f.WriteTo(&want); err != nil {
					t.Fatal(err)
				}
				target := strings.TrimSuffix("/"+d.folder, "/") + "/?list&download=" + d.format.String()
				resp, body := c.do(t, "GET", target, "Accept-Encoding: gzip")
				etag := resp.Header.Get("ETag")
				if resp.StatusCode != 200 || body != want.String() ||
					resp.ContentLength != f.Size() || resp.Header.Get("Content-Encoding") != "" ||
					resp.Header.Get("Content-Disposition") != fmt.Sprintf("attachment; filename=%q",
						d.file) || strings.HasPrefix(etag, "W/") {
					t.Fatalf("%d, %d bytes, want %d: %v", resp.StatusCode, len(body), f.Size(), resp.Header)
				}
				if resp, _ := c.do(t, "HEAD", target); resp.ContentLength != f.Size() ||
					resp.Header.Get("ETag") != etag {
					t.Errorf("HEAD: %v", resp.Header)
				}
				if resp, _ := c.do(t, "GET", target, "If-None-Match: "+etag); resp.StatusCode != 304 {
					t.Error(resp.StatusCode)
				}
				size := f.Size()
				for _, r := range [][2]int64{{0, 0}, {1, 40}, {size / 3, size/3 + 70_000},
					{size - 64, size - 1}, {size / 2, size - 1}} {
					r[1] = min(r[1], size-1)
					resp, body := c.do(t, "GET", target,
						fmt.Sprintf("Range: bytes=%d-%d", r[0], r[1]), "If-Range: "+etag)
					if resp.StatusCode != 206 || body != want.String()[r[0]:r[1]+1] {
						t.Errorf("bytes %v: %d, %d bytes", r, resp.StatusCode, len(body))
					}
				}
				if resp, _ := c.do(t, "GET", target,
					fmt.Sprintf("Range: bytes=%d-", size)); resp.StatusCode != 416 {
					t.Error(resp.StatusCode)
				}
			})
		}
	}
}

func TestNoFolderToDownload(t *testing.T) {
	for _, c := range clients(t, listed(serve.Archive{Path: packedSite(t)})) {
		for _, target := range []string{"/nothing/?list&download=zip", "/style.css/?list&download=zip",
			"/docs/?list&download=tpi", "/.git/?list&download=zip"} {
			if resp, _ := c.do(t, "GET", target); resp.StatusCode != 404 {
				t.Errorf("%s: %d", target, resp.StatusCode)
			}
		}
	}
}

// listing is a listing in JSON.
type listing struct {
	Path                  string
	Total, Folders, Files int
	Size                  int64
	Next                  string
	Entries               []struct {
		Name, Href, Type, Link, Media string
		Raw                           string `json:"name_base64"`
		Size, Packed                  int64
		Entries                       int
	}
}

func list(t *testing.T, c *client, target string, header ...string) (l listing, names []string) {
	t.Helper()
	resp, body := c.do(t, "GET", target, header...)
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %d %v", target, resp.StatusCode, resp.Header)
	}
	if err := json.Unmarshal([]byte(body), &l); err != nil {
		t.Fatal(err)
	}
	for _, e := range l.Entries {
		names = append(names, e.Name)
	}
	return l, names
}

// TestSearchSeveral: a path that two archives have is found once, in the one that answers it. The
// total is given only if it is known.
func TestSearchSeveral(t *testing.T) {
	dir := t.TempDir()
	first := files{"x1": "a", "d/x2": "a", "only-x": "a"}.pack(t, filepath.Join(dir, "first.tar.gz"))
	second := files{"x1": "b", "d/x2": "b", "d/x3": "b",
		"m/x5": "hidden by what is mounted"}.pack(t, filepath.Join(dir, "second.tar.gz"))
	third := files{"x5": "c", "x1": "c"}.pack(t, filepath.Join(dir, "third.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: first}, serve.Archive{Path: second},
		serve.Archive{Path: third, Mount: "/m"})) {
		t.Run(c.name, func(t *testing.T) {
			l, names := list(t, c, "/?q=x&format=json")
			slices.Sort(names)
			if want := []string{"d/x2", "d/x3", "m/x1", "m/x5", "only-x",
				"x1"}; !slices.Equal(names, want) || l.Total != len(want) {
				t.Errorf("%d: %q, want %q", l.Total, names, want)
			}
			var paged []string
			for next := "/?q=x&format=json&limit=1"; next != ""; {
				l, names := list(t, c, next)
				if len(names) != 1 || len(paged) > 10 {
					t.Fatalf("%s: %q after %q", next, names, paged)
				}
				if paged = append(paged, names...); l.Total+l.Folders+l.Files+int(l.Size) != 0 {
					t.Errorf("%s: totals of a part: %+v", next, l)
				}
				if next = l.Next; next != "" {
					next = "/" + next
				}
			}
			slices.Sort(paged)
			if !slices.Equal(paged, names) {
				t.Errorf("page by page %q, at once %q", paged, names)
			}
		})
	}
}

// TestTotals: a listing and a search have the totals of what they show. A link is no folder, and
// has no size.
func TestTotals(t *testing.T) {
	name := files{"x1": "123", "x2": "-> x1", "x3/x4": "12345", "y/z": "1"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		for target, want := range map[string]listing{
			"/?format=json":           {Total: 4, Folders: 2, Files: 2, Size: 3},
			"/?q=x&format=json":       {Total: 4, Folders: 1, Files: 3, Size: 8},
			"/?list&q=z&format=json":  {Total: 1, Files: 1, Size: 1},
			"/?q=nothing&format=json": {},
		} {
			l, _ := list(t, c, target)
			if l.Total != want.Total || l.Folders != want.Folders || l.Files != want.Files ||
				l.Size != want.Size {
				t.Errorf("%s: %s: %+v, want %+v", c.name, target, l, want)
			}
		}
	}
}

func TestListing(t *testing.T) {
	dir := t.TempDir()
	first := files{"a/one.txt": words(5000), "a/two.txt": "2", "a/sub/x": "x", "a/sub/y": "y",
		"a/.hidden": "h", "a/link": "-> one.txt", "a/new\nline": "n", "page/index.html": "<p>page",
		"b\xff": "raw", "page/other.html": "<p>other"}.pack(t, filepath.Join(dir, "first.tar.gz"))
	second := files{"a/two.txt": "shadowed by the first", "a/three.txt": "3", "c/x": "x"}.pack(t,
		filepath.Join(dir, "second.tar.gz"))
	third := files{"deep": "deep"}.pack(t, filepath.Join(dir, "third.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: first}, serve.Archive{Path: second},
		serve.Archive{Path: third, Mount: "/a/mounted"})) {
		t.Run(c.name, func(t *testing.T) {
			l, names := list(t, c, "/a/", "Accept: application/json")
			if want := []string{"mounted", "sub", "link", "new\nline", "one.txt", "three.txt",
				"two.txt"}; !slices.Equal(names, want) {
				t.Errorf("%q, want %q", names, want)
			}
			if l.Total != 7 || l.Folders != 2 || l.Files != 5 || l.Path != "/a" ||
				l.Entries[2].Link != "one.txt" || l.Entries[3].Href != "./new%0Aline" ||
				l.Entries[4].Size != 5000 || l.Entries[4].Packed == 0 || l.Entries[6].Size != 1 ||
				l.Entries[1].Entries != 2 {
				t.Errorf("%+v", l)
			}
			l, names = list(t, c, "/a/?format=json&sort=size&order=desc&limit=3&offset=2")
			if want := []string{"one.txt", "link", "three.txt"}; !slices.Equal(names[:1],
				want[:1]) || len(names) != 3 || !strings.Contains(l.Next, "offset=5") {
				t.Errorf("%q, %q", names, l.Next)
			}
			if _, names = list(t, c, "/?format=json"); !slices.Equal(names,
				[]string{"a", "c", "page", "b\ufffd"}) {
				t.Errorf("%q", names)
			}
			if _, names = list(t, c, "/page/?list&q=X&format=json"); !slices.Equal(names,
				[]string{"a/sub/x", "a/one.txt", "page/index.html", "a/three.txt"}) && len(names) < 4 {
				t.Errorf("%q", names)
			}
			if _, body := c.do(t, "GET", "/page/"); body != "<p>page" {
				t.Errorf("%.100s", body)
			}
			if resp, body := c.do(t, "GET", "/page/?list"); !strings.Contains(body, "other.html") ||
				!strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%.100s", body)
			}
			if resp, _ := c.do(t, "GET", "/a"); resp.StatusCode != 301 {
				t.Error(resp.StatusCode)
			}
			resp, _ := c.do(t, "GET", "/a/")
			if again, _ := c.do(t, "GET", "/a/", "If-None-Match: "+
				resp.Header.Get("ETag")); again.StatusCode != 304 {
				t.Error(again.StatusCode)
			}
		})
	}
}

// TestListingAssets fetches the files that a page needs, from a folder two levels down.
func TestListingAssets(t *testing.T) {
	name := files{"a/b/c.txt": "c"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		_, page := c.do(t, "GET", "/a/b/")
		n := 0
		for _, part := range strings.Split(page, `="../../?list&amp;asset=`)[1:] {
			asset, _, _ := strings.Cut(part, `"`)
			asset, _, _ = strings.Cut(asset, "#")
			resp, body := c.do(t, "GET", "/?list&asset="+asset, "Accept-Encoding: gzip")
			if n++; resp.StatusCode != 200 || len(body) == 0 ||
				!strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %d %v", asset, resp.StatusCode, resp.Header)
			}
		}
		if resp, _ := c.do(t, "GET", "/?list&asset=nothing.js"); resp.StatusCode != 404 || n < 3 {
			t.Error(resp.StatusCode, n)
		}
	}
}

func TestNoListing(t *testing.T) {
	name := files{"a/b.txt": "b"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}}) {
		for _, target := range []string{"/", "/?list", "/a/", "/?q=b", "/?list&asset=list.css"} {
			if resp, _ := c.do(t, "GET", target); resp.StatusCode != 404 {
				t.Errorf("%s: %d", target, resp.StatusCode)
			}
		}
	}
}

// TestPlainFolder lists a directory of plain files beside an archive.
func TestPlainFolder(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.MkdirAll(filepath.Join(plain, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"a/plain.txt", "a/both.txt"} {
		if err := os.WriteFile(filepath.Join(plain, f), []byte("plain file"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := listed(serve.Archive{Path: files{"a/both.txt": "both"}.pack(t,
		filepath.Join(dir, "a.tar.gz"))})
	config.Fallback = plain
	for _, c := range clients(t, config) {
		l, names := list(t, c, "/a/?format=json")
		if !slices.Equal(names, []string{"both.txt", "plain.txt"}) || l.Entries[0].Size != 4 ||
			l.Entries[1].Size != 10 {
			t.Errorf("%+v", l)
		}
	}
}

// TestZipOverHTTP reads a zip through Range requests only.
func TestZipOverHTTP(t *testing.T) {
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}}) {
		resp, _ := c.do(t, "HEAD", "/?list&download=zip")
		z, err := zip.NewReader(&remote{t, c, "/?list&download=zip"}, resp.ContentLength)
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Open("about.html")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || string(got) != site()["about.html"] {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// remote is an io.ReaderAt of a URL.
type remote struct {
	t      *testing.T
	c      *client
	target string
}

func (r *remote) ReadAt(p []byte, off int64) (int, error) {
	resp, body := r.c.do(r.t, "GET", r.target,
		fmt.Sprintf("Range: bytes=%d-%d", off, off+int64(len(p))-1))
	if resp.StatusCode != http.StatusPartialContent {
		return 0, fmt.Errorf("%s", resp.Status)
	}
	if n := copy(p, body); n < len(p) {
		return n, io.EOF
	}
	return len(p), nil
}
