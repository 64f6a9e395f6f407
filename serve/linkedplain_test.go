package serve_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// read returns the whole body of an answer.
func read(t *testing.T, resp *http.Response) (string, error) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	return string(body), errors.Join(err, resp.Body.Close())
}

// beginRange is begin for a range of a target.
func (c *client) beginRange(t *testing.T, target, ranges string) *http.Response {
	t.Helper()
	req, err := http.NewRequest("GET", c.base+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", ranges)
	resp, err := c.http.Do(req)
	if err != nil || resp.StatusCode != 206 {
		t.Fatal(target, ranges, err, resp)
	}
	return resp
}

// TestLinkedItself: a download of a file beside an archive ends normally if that file gets a name
// and loses it meanwhile, or other permissions. So does a plain file that gets a name.
func TestLinkedItself(t *testing.T) {
	name := files{"words.txt": incompressible(5 << 20)}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	addVariants(t, name, name+".tpv", nil)
	dir := filepath.Join(t.TempDir(), "plain")
	film := files{"film.mp4": noise(longFile)}
	film.write(t, dir)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}, {Path: dir}},
		Listing: true})
	content := readFile(t, name+".tpv")
	const target = "/?download=tpv"
	for _, c := range all {
		whole, part := c.begin(t, target+" identity"), c.beginRange(t, target, "bytes=5-")
		parts := c.beginRange(t, target, "bytes=1-3000000,3000100-")
		linkOnce(t, name+".tpv")
		if body, err := read(t, whole); body != content || err != nil {
			t.Errorf("%s: %d bytes of %d, %v", c.name, len(body), len(content), err)
		}
		if err := os.Chmod(name+".tpv", 0o640); err != nil {
			t.Fatal(err)
		}
		if body, err := read(t, part); body != content[5:] || err != nil {
			t.Errorf("%s: a part: %d bytes of %d, %v", c.name, len(body), len(content)-5, err)
		}
		if body, err := read(t, parts); !strings.Contains(body, content[1:3000001]) ||
			!strings.Contains(body, content[3000100:]) || err != nil {
			t.Errorf("%s: parts: %d bytes, %v", c.name, len(body), err)
		}
		plain := c.begin(t, "/film.mp4 identity")
		if err := os.Link(filepath.Join(dir, "film.mp4"), filepath.Join(dir, c.name)); err != nil {
			t.Fatal(err)
		}
		if body, err := read(t, plain); body != film["film.mp4"] || err != nil {
			t.Errorf("%s: a plain file: %d bytes, %v", c.name, len(body), err)
		}
	}
}

// TestOverwrittenItself: a download of a file beside an archive is cut off if the file gets other
// bytes meanwhile, though its modification time is set back and it has got a name.
func TestOverwrittenItself(t *testing.T) {
	name := files{"words.txt": incompressible(5 << 20)}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	addVariants(t, name, name+".tpv", nil)
	content := readFile(t, name+".tpv")
	for _, c := range clients(t, serve.Options{Archives: []serve.Archive{{Path: name}},
		Listing: true}) {
		eventually(t, "the variants can be downloaded", func() bool {
			resp, _ := c.do(t, "HEAD", "/?download=tpv")
			return resp.StatusCode == 200
		})
		resp := c.begin(t, "/?download=tpv identity")
		if _, err := io.ReadFull(resp.Body, make([]byte, 200)); err != nil { // the former bytes
			t.Fatal(err)
		}
		overwriteLinked(t, name+".tpv", content[:100]+"!"+content[101:])
		if body, err := read(t, resp); err == nil {
			t.Errorf("%s: %d bytes, the same: %t", c.name, len(body), body == content[200:])
		}
		if err := errors.Join(os.WriteFile(name+".new", []byte(content), 0o600),
			os.Rename(name+".new", name+".tpv"), os.Remove(name+".tpv.link")); err != nil {
			t.Fatal(err)
		}
	}
}
