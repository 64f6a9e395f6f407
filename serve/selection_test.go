package serve_test

import (
	"archive/zip"
	"encoding/json"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestSelectionNames downloads entries by their names: the same bytes each time, whole, resumed and
// conditional. What is hidden or not there is refused in the same way.
func TestSelectionNames(t *testing.T) {
	name := files{"d/one": words(5000), "d/two": noise(70_000), "d/sub/three": "3", "d/.env": "secret",
		"d/sub/.git/x": "secret", "d/ü &+%.txt": "u", "top": words(5000)}.pack(t,
		filepath.Join(t.TempDir(), "site.tar.gz"))
	for _, c := range clients(t, listed(serve.Archive{Path: name})) {
		t.Run(c.name, func(t *testing.T) {
			target := "/d/?list&download=zip&name=two&name=sub&name=" + url.QueryEscape("ü &+%.txt")
			resp, whole := c.do(t, "GET", target)
			if got := namesInZip(t, whole); !slices.Equal(got, []string{"sub", "sub/three", "two",
				"ü &+%.txt"}) {
				t.Errorf("%q", got)
			}
			if got := resp.Header.Get("Content-Disposition"); got !=
				`attachment; filename="d-selection.zip"` {
				t.Error(got)
			}
			tag := resp.Header.Get("ETag")
			head, _ := c.do(t, "HEAD", target)
			if head.ContentLength != int64(len(whole)) || head.Header.Get("ETag") != tag {
				t.Errorf("HEAD: %v", head.Header)
			}
			for _, off := range []string{"0", "1", "100", "70000"} {
				resp, body := c.do(t, "GET", target, "Range: bytes="+off+"-", "If-Range: "+tag)
				if resp.StatusCode != 206 || !strings.HasSuffix(whole, body) || body == "" {
					t.Errorf("resumed at %s: %d", off, resp.StatusCode)
				}
			}
			if resp, _ := c.do(t, "GET", target, "If-None-Match: "+tag); resp.StatusCode != 304 {
				t.Errorf("again: %d", resp.StatusCode)
			}
			resp, body := c.do(t, "GET", "/d/?list&download=zip&name=two", "Range: bytes=5-",
				"If-Range: "+tag)
			if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Content-Disposition"),
				`"two.zip"`) || !slices.Equal(namesInZip(t, body), []string{"two"}) {
				t.Errorf("another selection: %d %v", resp.StatusCode, resp.Header)
			}
			for query, want := range map[string]int{
				"name=.env": 404, "name=nothing": 404, "name=sub/.git": 404, "name=sub/.git/x": 404,
				"name=../top": 400, "name=": 400, "name=/top": 400, "n=0": 400, "n=x&of=1": 400,
				"n=0&of=0123456789abcdef": 410, "name=one/": 200,
			} {
				resp, body := c.do(t, "GET", "/d/?list&download=tar.gz&"+query)
				if resp.StatusCode != want || want != 200 && (strings.Count(body, "\n") != 1 ||
					resp.Header.Get("ETag") != "") {
					t.Errorf("%s: %d %q, want %d", query, resp.StatusCode, body, want)
				}
			}
			if resp, _ := c.do(t, "GET", "/d/?list&download=tpi&name=one"); resp.StatusCode != 400 {
				t.Errorf("an index: %d", resp.StatusCode)
			}
		})
	}
}

// TestSelectionRefused: without downloads there are no selections either.
func TestSelectionRefused(t *testing.T) {
	name := files{"d/one": "1"}.pack(t, filepath.Join(t.TempDir(), "site.tar.gz"))
	o := listed(serve.Archive{Path: name})
	o.NoDownload = true
	r := start(t, o)
	for _, target := range []string{"/d/?list&download=zip&name=one", "/?download=zip&name=d/one"} {
		if status, body := fetch(t, plainClient, r.url(target)); status == 200 &&
			!strings.Contains(body, "<html") || strings.Contains(body, "name=\"n\"") {
			t.Errorf("%s: %d", target, status)
		}
	}
}

// namesInZip returns the names in a zip, without slashes at their ends.
func namesInZip(t *testing.T, b string) []string {
	t.Helper()
	r, err := zip.NewReader(strings.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, strings.TrimSuffix(f.Name, "/"))
	}
	slices.Sort(names)
	return names
}

// TestSelectionNumbers: the numbers on a page are those of what is not hidden, with no gaps, and
// choose exactly their rows. They mean nothing in another archive.
func TestSelectionNumbers(t *testing.T) {
	dir := t.TempDir()
	name := files{"a/.x/1": "s", "a/.x/2": "s", "a/b/1": "1", "a/b/.env": "s", "a/c": "c",
		"a/z/1": "1", "b": "b"}.pack(t, filepath.Join(dir, "site.tar.gz"))
	r := start(t, listed(serve.Archive{Path: name}))
	_, page := fetch(t, plainClient, r.url("/a/"))
	of := regexp.MustCompile(`name="of" value="([0-9a-f]{16})"`).FindStringSubmatch(page)
	var numbers []string
	boxes := regexp.MustCompile(`name="n" value="([0-9-]+)"`)
	for _, m := range boxes.FindAllStringSubmatch(page, -1) {
		numbers = append(numbers, m[1])
	}
	if want := []string{"0-4", "0-1", "3-4", "2"}; of == nil || !slices.Equal(numbers, want) {
		t.Fatalf("%q of %q, want %q", numbers, of, want)
	}
	for n, want := range map[string][]string{
		"0-4": {"b", "b/1", "c", "z", "z/1"}, "0-1": {"b", "b/1"}, "2": {"c"}, "4": {"z", "z/1"},
		"0": {"b", "b/1"}, "3,2": {"c", "z", "z/1"},
	} {
		status, zip := fetch(t, plainClient, r.url("/a/?list=&of="+of[1]+"&n="+n+"&download=zip"))
		if status != 200 {
			t.Fatalf("%s: %d", n, status)
		}
		if got := namesInZip(t, zip); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", n, got, want)
		}
	}
	if got := numbersInJSON(t, r.url("/a/?list&format=json"), of[1]); !slices.Equal(got,
		[]string{"./ 0-1", "./ 3-4", "./ 2"}) {
		t.Errorf("in JSON: %q", got)
	}
	if got := numbersInJSON(t, r.url("/a/b/?list&q=1&format=json"), of[1]); !slices.Equal(got,
		[]string{"../../ 2", "../../ 5"}) {
		t.Errorf("of a search: %q", got)
	}
	for query, want := range map[string]int{"of=" + of[1] + "&n=5": 400, "of=0&n=1": 410,
		"of=" + of[1] + "&set=!": 400, "of=0&set=Y2bgvc_IyQAA": 410} {
		if status, _ := fetch(t, plainClient, r.url("/a/?download=zip&"+query)); status != want {
			t.Errorf("%s: %d, want %d", query, status, want)
		}
	}
	other := files{"a/b": "1", "a/c": "2"}.pack(t, filepath.Join(dir, "other.tar.gz"))
	r = start(t, listed(serve.Archive{Path: other}))
	if status, _ := fetch(t, plainClient, r.url("/a/?download=zip&n=1&of="+of[1])); status != 410 {
		t.Errorf("in another archive: %d", status)
	}
}

// numbersInJSON returns the numbers in a list, with the folder that they choose from.
func numbersInJSON(t *testing.T, url, of string) []string {
	t.Helper()
	_, body := fetch(t, plainClient, url)
	var list struct {
		Choice  struct{ Href, Of string }
		Entries []struct{ N string }
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || list.Choice.Of != of {
		t.Fatalf("%v: %s", err, body)
	}
	var all []string
	for _, e := range list.Entries {
		all = append(all, list.Choice.Href+" "+e.N)
	}
	return all
}
