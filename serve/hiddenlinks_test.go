package serve_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestHiddenLinks: a symbolic link to something hidden is in no listing, no search and no download,
// as it is answered with 404. The link itself decides nothing: what it leads to does.
func TestHiddenLinks(t *testing.T) {
	tree := files{
		"s/file": "-> ../.env", "s/folder": "-> ../.x", "s/below": "-> ../.x/y", "s/chain": "-> file",
		"s/dirchain/a": "a", "s/through": "-> folder/y", "s/gone": "-> ../.gone",
		"s/only": "-> ../no", "s/bak": "-> a.bak", "s/a.bak": "secret", "s/overlay": "-> ../.layer",
		"s/other": "-> ../hop",
		"s/shown": "-> ../yes", "s/open": "-> ../yes/no", "s/nowhere": "-> missing", "s/up": "-> ..",
		"s/out": "-> ../../.env", "s/known": "-> ../.well-known",
		".env": "secret", ".x/y": "secret", "no/a": "secret", "yes/no": "shown", ".well-known/a": "a",
	}
	shown := []string{"dirchain", "known", "nowhere", "open", "out", "shown", "up"}
	dir := t.TempDir()
	name := tree.pack(t, filepath.Join(dir, "a.tar.gz"))
	layer := files{".layer": "secret", "hop": "-> .layer"}.pack(t, filepath.Join(dir, "b.tar.gz"))
	for _, mount := range []string{"", "/m"} {
		r := start(t, serve.Options{Listing: true, HideMore: []string{"no/", "*.bak"},
			Archives: []serve.Archive{{Path: name, Mount: mount}, {Path: layer, Mount: mount}}})
		for link := range tree {
			link, ok := strings.CutPrefix(link, "s/")
			if ok && link != "dirchain/a" && !slices.Contains(shown, link) {
				if status, _ := fetch(t, plainClient, r.url(mount+"/s/"+link)); status != 404 {
					t.Errorf("%s: %d", link, status)
				}
			}
		}
		names := func(target string) (list []string) {
			_, body := fetch(t, plainClient, r.url(target))
			var page struct {
				Items []struct{ Name string } `json:"entries"`
				Total int
			}
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatalf("%s: %v: %s", target, err, body)
			}
			if page.Total != len(page.Items) {
				t.Errorf("%s: total %d of %d", target, page.Total, len(page.Items))
			}
			for _, it := range page.Items {
				list = append(list, it.Name)
			}
			slices.Sort(list)
			return list
		}
		if got := names(mount + "/s/?list&format=json"); !slices.Equal(got, shown) {
			t.Errorf("listed at %q: %q", mount, got)
		}
		below := strings.TrimPrefix(mount+"/", "/")
		found := []string{below + "s/dirchain/a", below + "yes/no"}
		for _, name := range shown {
			found = append(found, below+"s/"+name)
		}
		slices.Sort(found)
		if got := names(mount + "/?list&q=s/&format=json"); !slices.Equal(got, found) {
			t.Errorf("found at %q: %q", mount, got)
		}
		_, body := fetch(t, plainClient, r.url(mount+"/?list&format=json"))
		if !strings.Contains(body, `"entries":9`) { // the other link is hidden by what b has
			t.Errorf("counted at %q: %s", mount, body)
		}
		// A download has what one archive has, so it does not follow links to the other.
		want := slices.Sorted(slices.Values(append([]string{"a", "other"}, shown...)))
		_, body = fetch(t, plainClient, r.url(mount+"/s/?list&download=tar.gz"))
		if got := tarNames(t, body); !slices.Equal(got, want) {
			t.Errorf("the tar.gz at %q: %q", mount, got)
		}
		_, body = fetch(t, plainClient, r.url(mount+"/s/?list&download=zip"))
		if got := zipNames(t, body); !slices.Equal(got, want) {
			t.Errorf("the zip at %q: %q", mount, got)
		}
	}
}

// tarNames returns the last names of what archive/tar finds in a tar.gz, without the root.
func tarNames(t *testing.T, body string) (names []string) {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.Base(h.Name))
	}
	return withoutRoot(names)
}

// zipNames is tarNames with archive/zip.
func zipNames(t *testing.T, body string) (names []string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		names = append(names, filepath.Base(f.Name))
	}
	return withoutRoot(names)
}

func withoutRoot(names []string) []string {
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "s" })
}
