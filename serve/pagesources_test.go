package serve_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	tarremote "github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/signature"
)

// before and after are two versions that archives of every kind have.
var (
	before = files{"README.md": "*best* of the old", "d/text.txt": "one\ntwo\nthree\n",
		"d/gone.bin": noise(3000), "same/s.txt": "the same", ".env": "secret of the old"}
	after = files{"README.md": "*best* of the new", "d/text.txt": "one\n2\nthree\n",
		"d/new.bin": noise(4000), "same/s.txt": "the same", ".env": "secret of the new"}
)

// sourcesOfPages are archives of every kind, with before at /a and after at /b.
func sourcesOfPages(t *testing.T) map[string]serve.Options {
	two := func(make func(f files, dir string) string) serve.Options {
		return serve.Options{Archives: []serve.Archive{
			{Path: make(before, t.TempDir()), Mount: "/a"}, {Path: make(after, t.TempDir()), Mount: "/b"}}}
	}
	sources := map[string]serve.Options{
		"archives": two(func(f files, dir string) string {
			return f.pack(t, filepath.Join(dir, "x.tar.gz"))
		}),
		"sets": two(func(f files, dir string) string {
			first, _ := f.packShards(t, filepath.Join(dir, "x.tar.gz"), 3)
			return first
		}),
		"zips": two(func(f files, dir string) string { return f.zip(t, filepath.Join(dir, "x.zip")) }),
		"tars": two(func(f files, dir string) string { return f.tar(t, filepath.Join(dir, "x.tar")) }),
		"directories": two(func(f files, dir string) string {
			f.write(t, dir)
			return dir
		}),
	}
	zips, tars := sources["zips"], sources["tars"]
	zips.CacheDir, tars.CacheDir = t.TempDir(), t.TempDir()
	sources["zips"], sources["tars"] = zips, tars
	nested := t.TempDir()
	for mount, f := range map[string]files{"a": before, "b": after} {
		if err := os.Mkdir(filepath.Join(nested, mount), 0o755); err != nil {
			t.Fatal(err)
		}
		f.pack(t, filepath.Join(nested, mount, "pack.tar.gz"))
	}
	sources["nested"] = serve.Options{Fallback: nested, Nested: true}

	key := signingKey(t)
	sources["signed"] = two(func(f files, _ string) string { return f.packSignedWith(t, key, 0) })
	signed := sources["signed"]
	signed.Trust = &signature.Trust{Key: key.Public()}
	sources["signed"] = signed

	o, n := newStorage(t), newStorage(t)
	o.put(t, before)
	n.put(t, after)
	far := []serve.Archive{o.open("/a.tar.gz", nil), n.open("/a.tar.gz", nil)}
	far[0].Mount, far[1].Mount = "/a", "/b"
	sources["remote"] = serve.Options{Archives: far}
	return sources
}

// TestCompareFound: packs that nothing has asked for yet are found for a comparison.
func TestCompareFound(t *testing.T) {
	dir := t.TempDir()
	files{"x": "x"}.pack(t, filepath.Join(dir, "pack.tar.gz"))
	r := start(t, serve.Options{Listing: true, Fallback: dir, Nested: true})
	eventually(t, "it is ready", func() bool {
		status, _ := fetch(t, plainClient, r.url("/x"))
		return status == 200
	})
	for mount, f := range map[string]files{"old": before, "new": after} {
		if err := os.Mkdir(filepath.Join(dir, mount), 0o755); err != nil {
			t.Fatal(err)
		}
		f.pack(t, filepath.Join(dir, mount, "pack.tar.gz"))
	}
	eventually(t, "they are compared", func() bool {
		status, body := fetch(t, plainClient,
			r.url("/?list=compare&old=/old&with=/new&file=d/text.txt"))
		return status == 200 && strings.Contains(body, `<ins data-n="2">2</ins>`)
	})
}

// zip writes a zip of regular files.
func (fs files) zip(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for path, content := range fs {
		f, err := w.Create(path)
		if err == nil {
			_, err = io.WriteString(f, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, name, b.Bytes())
}

// tar writes a tar of regular files.
func (fs files) tar(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for path, content := range fs {
		err := w.WriteHeader(&tar.Header{Name: path, Size: int64(len(content)), Mode: 0o644,
			ModTime: time.Unix(1e9, 0)})
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return writeFile(t, name, b.Bytes())
}

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestPagesOfSources: the pages show the same of archives of every kind, and of directories what
// they can.
func TestPagesOfSources(t *testing.T) {
	for name, o := range sourcesOfPages(t) {
		t.Run(name, func(t *testing.T) {
			o.Listing = true
			c := newClient(name, "http://"+start(t, o).addresses[0], &http.Transport{})
			eventually(t, "all of it is ready", func() bool {
				ready := true
				for _, target := range []string{"/a/README.md", "/b/README.md", "/a/?list=get"} {
					resp, _ := c.do(t, "GET", target)
					ready = ready && (resp.StatusCode == 200 || resp.StatusCode == 404)
				}
				return ready
			})
			one := name != "directories"
			checkPages(t, c, one)
			if one {
				checkComparison(t, c)
				checkSelections(t, c)
			}
		})
	}
}

// checkPages checks the pages of a folder and of a file. one means that an archive has them.
func checkPages(t *testing.T, c *client, one bool) {
	for target, want := range map[string][]string{
		"/":                       {`href="./a/`, `href="./b/`},
		"/a/":                     {"README.md", `data-load="./?list=readme"`},
		"/a/?list=readme":         {"<em>best</em> of the old"},
		"/b/?list=readme":         {"<em>best</em> of the new"},
		"/a/d/text.txt?list=view": {"two"},
		"/a/?list&view=grid":      {"README.md"},
		"/a/?q=text":              {"d/text.txt"},
		"/a/?list=overview":       {"<main"},
	} {
		resp, body := c.do(t, "GET", target)
		if resp.StatusCode != 200 || strings.Contains(body, "secret") {
			t.Errorf("%s: %s", target, resp.Status)
		}
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s lacks %q: %s", target, words, body)
			}
		}
	}
	var o overviewed
	getJSON(t, c, "/a/?list=overview&format=json", &o)
	if one != (o.Tree != nil) || one && (o.Tree.Size != 3039 || len(o.Largest) != 4) {
		t.Errorf("%+v", o)
	}
	for target, want := range map[string]bool{"/a/?list=get": one, "/a/?list=compare&with=/b": one,
		"/a/?list=compare&with=/b&file=d/text.txt": one, "/a/?list=compare&with=/b&file=.env": false,
		"/a/?list=compare&with=/b&file=d/nothing": false, "/a/?list=readme&x": true,
		"/a/?list&download=zip&name=d": one, "/a/.env?list=view": false} {
		if resp, _ := c.do(t, "GET", target); (resp.StatusCode == 200) != want {
			t.Errorf("%s: %s", target, resp.Status)
		}
	}
}

// checkComparison compares before and after.
func checkComparison(t *testing.T, c *client) {
	var all compared
	getJSON(t, c, "/a/?list=compare&with=/b&kind=all&format=json", &all)
	var got []string
	for _, e := range all.Entries {
		if e.Change != "changed" || slices.Contains(e.What, "content") {
			got = append(got, e.Change+" "+e.Path)
		}
	}
	slices.Sort(got)
	want := []string{"added d/new.bin", "changed README.md", "changed d/text.txt",
		"removed d/gone.bin"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	_, body := c.do(t, "GET", "/a/?list=compare&with=/b&file=d/text.txt")
	for _, words := range []string{`<del data-n="2">`, `<ins data-n="2">`} {
		if !strings.Contains(body, words) {
			t.Errorf("the text lacks %q: %s", words, body)
		}
	}
	_, body = c.do(t, "GET", "/a/?list=compare&with=/b&file=d/text.txt&format=json")
	var edits struct{ Edits []struct{ Old, New [2]int } }
	if err := json.Unmarshal([]byte(body), &edits); err != nil || len(edits.Edits) != 1 {
		t.Errorf("%v: %s", err, body)
	}
}

// checkSelections downloads a selection.
func checkSelections(t *testing.T, c *client) {
	_, body := c.do(t, "GET", "/a/?list&download=zip&name=d&name=README.md")
	if names := namesInZip(t, body); !slices.Equal(names,
		[]string{"README.md", "d", "d/gone.bin", "d/text.txt"}) {
		t.Errorf("%q", names)
	}
	_, body = c.do(t, "GET", "/a/?list&download=tar.gz&name=d")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = string(b)
	}
	if found["d/text.txt"] != before["d/text.txt"] || found["d/gone.bin"] != before["d/gone.bin"] {
		t.Errorf("%d files", len(found))
	}
}

// TestPagesOfForged: contents of a signed archive are forged, with the right CRC-32, on a disk or
// by a server. No page and no selection shows them, and the others are right.
func TestPagesOfForged(t *testing.T) {
	site := files{"README.md": "Forged " + words(900), "t.txt": "forged " + words(800),
		"<evil>/README": "forged " + words(850), "good/README.txt": "*right* " + words(700),
		"good/index.html": "<title>forged " + words(600)}
	key := signingKey(t)
	trust := &signature.Trust{Key: key.Public()}
	name := site.packSignedWith(t, key, pack.NoCompression)
	s := newStorage(t)
	s.local = name
	f := readSigned(t, name)
	for path, content := range site {
		if strings.Contains(content, "orged ") {
			forge(f.archive, s.member(t, path).ContentOffset())
		}
	}
	local := filepath.Join(t.TempDir(), "a.tar.gz")
	for suffix, b := range map[string][]byte{"": f.archive, format.SidecarSuffix: f.index,
		signature.SumSuffix: f.sum, signature.SignatureSuffix: f.signature} {
		s.at["/a.tar.gz"+suffix] = b
		writeFile(t, local+suffix, b)
	}
	open := func(ctx context.Context) (*tarpack.Archive, error) {
		return tarremote.Open(ctx, s.URL+"/a.tar.gz", &tarremote.Options{Retries: -1, Trust: trust})
	}
	for kind, archive := range map[string]serve.Archive{"local": {Path: local, Mount: "/m"},
		"remote": {Path: "remote", Open: open, Mount: "/m"}} {
		o := listed(archive, serve.Archive{Mount: "/other", Path: files{"t.txt": "other",
			"README.md": "other"}.packSignedWith(t, key, 0)})
		o.Trust = trust
		r := start(t, o)
		for range 2 { // the second page has what was remembered
			for target, shown := range map[string]bool{"/": true, "/m/": true, "/m/?list=readme": false,
				"/m/%3Cevil%3E/?list=readme": false, "/m/good/?list=readme": true,
				"/m/?list=compare&with=/other&file=t.txt":             false,
				"/other/?list=compare&with=/m&file=README.md":         false,
				"/m/?list=compare&with=/other&file=t.txt&format=json": false,
				"/m/?list=compare&with=/other":                        true, "/m/?list=overview": true,
				"/m/?list&download=zip&name=t.txt": false, "/m/?list&download=tar.gz&name=t.txt": false,
			} {
				status, body, whole := ask(t, r.url(target))
				if shown != (status == 200 && whole) {
					t.Errorf("%s: %s: %d, whole: %v", kind, target, status, whole)
				}
				if strings.Contains(body, "orged ") {
					t.Errorf("%s: %s shows what is forged: %s", kind, target, body)
				}
			}
			for _, target := range []string{"/m/t.txt?list=view", "/m/README.md?list=view",
				"/m/good/index.html?list=view"} {
				if status, body, _ := ask(t, r.url(target)); strings.Contains(body, "orged ") {
					t.Errorf("%s: %s shows what is forged: %d %s", kind, target, status, body)
				}
			}
		}
	}
}
