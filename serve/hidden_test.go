package serve_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestHiddenCount: the number of entries in a folder does not include hidden ones.
func TestHiddenCount(t *testing.T) {
	name := files{"d/a": "a", "d/e/.secret": "s", "d/.x/y": "s", "e/a": "a", ".z": "s"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	r := start(t, serve.Options{Listing: true, Archives: []serve.Archive{{Path: name}}})
	for target, want := range map[string]string{"/?format=json": `"entries":2`, "/": "2 entries",
		"/d/?format=json": `"entries":0`, "/?q=d&format=json": `"entries":2`} {
		if _, body := fetch(t, plainClient, r.url(target)); !strings.Contains(body, want) {
			t.Errorf("%s: not %s: %s", target, want, body)
		}
	}
}

// TestHiddenFolders: a glob that ends in a slash hides folders of that name, with all below them,
// in listings, searches and downloads too, and no files. Folders of an archive, and plain ones.
func TestHiddenFolders(t *testing.T) {
	tree := files{"no/a": "secret", "d/no/b": "secret", "yes/no": "shown", "c": "c"}
	name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	plain := filepath.Join(t.TempDir(), "plain")
	tree.write(t, plain)
	for _, o := range []serve.Options{{Archives: []serve.Archive{{Path: name}}}, {Fallback: plain}} {
		o.Listing, o.HideMore = true, []string{"no/"}
		r := start(t, o)
		for target, want := range map[string]int{"/no/": 404, "/no": 404, "/no/a": 404, "/d/no/b": 404,
			"/yes/no": 200, "/c": 200, "/no/?list": 404, "/no/?list&download=zip": 404} {
			if status, _ := fetch(t, plainClient, r.url(target)); status != want {
				t.Errorf("%s: %d, want %d", target, status, want)
			}
		}
		for target, want := range map[string]string{"/?format=json": "yes", "/d/?format=json": "[]",
			"/yes/?format=json": `"no"`, "/?q=no&format=json": "yes/no"} {
			_, body := fetch(t, plainClient, r.url(target))
			if !strings.Contains(body, want) || target != "/yes/?format=json" &&
				strings.Contains(body, `"name":"no"`) || strings.Contains(body, "d/no") {
				t.Errorf("%s: %s", target, body)
			}
		}
		if len(o.Archives) > 0 {
			_, body := fetch(t, plainClient, r.url("/?list&download=zip"))
			if strings.Contains(body, "no/a") || !strings.Contains(body, "yes/no") {
				t.Error("the download has what is hidden, or lacks what is not")
			}
		}
	}
}

// TestHiddenEverywhere: what is hidden is in no download, in no search and in no JSON. archive/tar
// and archive/zip list the downloads.
func TestHiddenEverywhere(t *testing.T) {
	dir := t.TempDir()
	name := files{".env": "secret", "a.txt": "a", "d/.secret": "secret", "d/b.txt": "b",
		"d/old.bak": "secret", "d/.well-known/x": "x", "private/key": "secret"}.pack(t,
		filepath.Join(dir, "a.tar.gz"))
	clean := files{"c.txt": "c"}.pack(t, filepath.Join(dir, "clean.tar.gz"))
	r := start(t, serve.Options{Listing: true, HideMore: []string{"*.bak", "/private", "/m/d/b.txt"},
		Archives: []serve.Archive{{Path: name}, {Path: name, Mount: "/m"},
			{Path: clean, Mount: "/clean"}}})
	for _, c := range []struct{ folder, want string }{
		{"/", "a.txt d d/.well-known d/.well-known/x d/b.txt"},
		{"/d/", "d d/.well-known d/.well-known/x d/b.txt"},
		{"/m/", "a.txt d d/.well-known d/.well-known/x private private/key"},
		{"/clean/", "c.txt"},
	} {
		_, body := fetch(t, plainClient, r.url(c.folder+"?list&download=tar.gz"))
		z, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for tr := tar.NewReader(z); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, strings.TrimSuffix(h.Name, "/"))
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: the tar.gz has %s, want %s", c.folder, got, c.want)
		}
		_, body = fetch(t, plainClient, r.url(c.folder+"?list&download=zip"))
		zr, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		names = nil
		for _, f := range zr.File {
			names = append(names, strings.TrimSuffix(f.Name, "/"))
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: the zip has %s, want %s", c.folder, got, c.want)
		}
	}
	// The index has all names, so it is sent only if nothing is hidden.
	for target, status := range map[string]int{
		"/?list&download=tpi": 404, "/clean/?list&download=tpi": 200,
	} {
		if s, _ := fetch(t, plainClient, r.url(target)); s != status {
			t.Errorf("%s: %d", target, s)
		}
	}
	for _, target := range []string{"/?format=json", "/d/?format=json", "/?q=e&format=json", "/?q=.",
		"/?q=s", "/?q=d/", "/d/?list"} {
		_, body := fetch(t, plainClient, r.url(target))
		for _, word := range []string{".env", ".secret", "old.bak"} {
			if strings.Contains(body, word) {
				t.Errorf("%s shows %s", target, word)
			}
		}
	}
	// With an empty list, the archive itself is sent.
	all := start(t, serve.Options{Hide: []string{}, Archives: []serve.Archive{{Path: name}}})
	if _, body := fetch(t, plainClient, all.url("/?list&download=tar.gz")); body != readFile(t, name) {
		t.Error("nothing is hidden, and other bytes are sent")
	}
}
