package serve_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// longFile is larger than what is compared before an answer begins.
const longFile = 33 << 20

// linkedSite packs files and variants of them. With n they have other contents and the same sizes.
func linkedSite(t *testing.T, n int) (archive string, tree files) {
	t.Helper()
	tree = files{"film.mp4": noise(n + longFile)[:longFile], "x.bin": noise(n + 5000)[:5000],
		"page.html": strings.Repeat(string(rune('a'+n))+"<p>words and more words\n", 400)}
	archive = tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	addVariants(t, archive, archive+".tpv", nil)
	return archive, tree
}

// linkOnce links a file and ends that again, before anybody looks.
func linkOnce(t *testing.T, name string) {
	t.Helper()
	if err := errors.Join(os.Link(name, name+".link"), os.Remove(name+".link")); err != nil {
		t.Fatal(err)
	}
}

// TestLinked: files of an archive get names and lose them, as by a deployment. All answers are what
// they were, in the same encodings, and none asks to come again.
func TestLinked(t *testing.T) {
	name, tree := linkedSite(t, 0)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}, Listing: true})
	type question struct{ method, target, header string }
	questions := []question{{"GET", "/page.html", "Accept-Encoding: br"},
		{"GET", "/page.html", "Accept-Encoding: zstd"}, {"GET", "/page.html", "Accept-Encoding: gzip"},
		{"GET", "/x.bin", "X: x"}, {"HEAD", "/film.mp4", "X: x"},
		{"GET", "/film.mp4", "Range: bytes=1000000-1000009"}, {"HEAD", "/?download=zip", "X: x"},
		{"GET", "/?list&format=json", "X: x"}}
	ask := func(c *client, q question) (tag string) {
		t.Helper()
		resp, _ := c.do(t, q.method, q.target, q.header)
		coding, want, _ := strings.Cut(q.header, ": ")
		if resp.StatusCode/100 != 2 || coding == "Accept-Encoding" &&
			resp.Header.Get("Content-Encoding") != want {
			t.Errorf("%s: %v: %s, %v", c.name, q, resp.Status, resp.Header)
		}
		return resp.Header.Get("ETag")
	}
	tags := map[question]string{}
	for _, q := range questions {
		tags[q] = ask(all[0], q)
	}
	for _, c := range all {
		for _, q := range questions {
			for _, suffix := range []string{"", ".tpi", ".tpv"} {
				linkOnce(t, name+suffix)
			}
			if tag := ask(c, q); tag != tags[q] {
				t.Errorf("%s: %v: %s, not %s", c.name, q, tag, tags[q])
			}
		}
		if status, _ := fetch(t, c.http, c.base+"/film.mp4",
			"If-None-Match: "+tags[questions[4]]); status != 304 {
			t.Errorf("%s: If-None-Match: %d", c.name, status)
		}
		if body := mustGet(t, c, "/x.bin"); body != tree["x.bin"] {
			t.Errorf("%s: %d bytes", c.name, len(body))
		}
	}
}

// incompressible returns text of at least n bytes that no encoding makes much shorter.
func incompressible(n int) string {
	var words strings.Builder
	for random := noise(n); random != ""; random = random[16:] {
		words.WriteString("words " + random[:12])
	}
	return words.String()
}

// begin asks for a target, in an encoding behind a space, and does not read the answer.
func (c *client) begin(t *testing.T, question string) *http.Response {
	t.Helper()
	target, coding, _ := strings.Cut(question, " ")
	req, err := http.NewRequest("GET", c.base+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", coding)
	resp, err := c.http.Do(req)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(question, err, resp)
	}
	return resp
}

// TestLinkedMeanwhile: long answers end normally if the files get names and lose them meanwhile.
func TestLinkedMeanwhile(t *testing.T) {
	tree := files{"film.mp4": noise(longFile), "words.txt": incompressible(4 << 20)}
	name := tree.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	addVariants(t, name, name+".tpv", nil)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}, Listing: true})
	questions := []string{"/film.mp4 identity", "/words.txt gzip", "/words.txt zstd",
		"/?download=tar.gz identity"}
	var begun []*http.Response
	for _, c := range all {
		for _, q := range questions {
			begun = append(begun, c.begin(t, q))
		}
	}
	for _, suffix := range []string{"", ".tpi", ".tpv"} {
		linkOnce(t, name+suffix)
	}
	var reading sync.WaitGroup
	for i, resp := range begun {
		reading.Go(func() {
			q := questions[i%len(questions)]
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if coding := resp.Header.Get("Content-Encoding"); err != nil || n != resp.ContentLength ||
				coding != "" && !strings.HasSuffix(q, coding) {
				t.Errorf("%s: %s: %q, %d bytes, %v", all[i/len(questions)].name, q, coding, n, err)
			}
		})
	}
	reading.Wait()
}

// TestLinkedBeside: long answers end normally if archives that were only asked for them get names
// and lose them meanwhile: one that has no such file, and one that a file lies beside.
func TestLinkedBeside(t *testing.T) {
	first := files{"words.txt": incompressible(4 << 20)}.pack(t,
		filepath.Join(t.TempDir(), "first.tar.gz"))
	addVariants(t, first, first+".tpv", nil)
	second := files{"film.mp4": noise(longFile)}.pack(t, filepath.Join(t.TempDir(), "second.tar.gz"))
	plain := filepath.Join(t.TempDir(), "plain.mp4")
	if err := os.WriteFile(plain, []byte(noise(longFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: first}, {Path: second},
		{Path: filepath.Dir(plain)}}, Listing: true})
	for _, c := range all {
		for _, q := range []string{"/film.mp4 identity", "/plain.mp4 identity",
			"/?download=tpv identity"} {
			resp := c.begin(t, q)
			linkOnce(t, first)
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if err != nil || n != resp.ContentLength {
				t.Errorf("%s: %s: %d bytes of %d, %v", c.name, q, n, resp.ContentLength, err)
			}
		}
	}
}

// TestLinkedAndOverwritten: a file gets another name, and other bytes of the same size, and its
// modification time is set back, all before anybody looks. No answer has other bytes under an
// entity tag, and none says that what the client has is right.
func TestLinkedAndOverwritten(t *testing.T) {
	for _, over := range [][]string{{""}, {".tpi"}, {".tpv"}, {"", ".tpi", ".tpv"}} {
		t.Run("archive"+strings.Join(over, "+"), func(t *testing.T) {
			name, tree := linkedSite(t, 0)
			other, otherTree := linkedSite(t, 1)
			all := clients(t, serve.Options{Archives: []serve.Archive{{Path: name}}})
			contents := map[string]string{} // by entity tag
			check := func(c *client, path, header string) {
				t.Helper()
				resp, body, err := c.try(path, header)
				if err != nil { // it was cut off
					return
				}
				if resp.StatusCode == 304 {
					t.Errorf("%s: %s: 304", c.name, path)
				}
				if resp.StatusCode != 200 {
					return
				}
				body, tag := decoded(t, resp, body), resp.Header.Get("ETag")
				if was, ok := contents[tag]; ok && was != body ||
					body != tree[path[1:]] && body != otherTree[path[1:]] {
					t.Errorf("%s: %s, %s: %d other bytes under %s", c.name, path, header, len(body), tag)
				}
				contents[tag] = body
			}
			headers := []string{"Accept-Encoding: br", "Accept-Encoding: gzip",
				"Accept-Encoding: identity"}
			tag := ""
			for path := range tree {
				for _, header := range headers {
					check(all[0], "/"+path, header)
				}
				resp, _ := all[0].do(t, "HEAD", "/"+path)
				tag += `, ` + resp.Header.Get("ETag")
			}
			for _, suffix := range over {
				overwriteLinked(t, name+suffix, readFile(t, other+suffix))
			}
			for _, c := range all {
				for path := range tree {
					for _, header := range headers {
						check(c, "/"+path, header)
					}
					if over[0] == "" {
						check(c, "/"+path, "If-None-Match: "+tag[2:])
					}
				}
			}
		})
	}
}

// overwriteLinked writes bytes into a file of the same size, which gets another name, and its
// former time.
func overwriteLinked(t *testing.T, name, with string) {
	t.Helper()
	fi, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	with += strings.Repeat("\x00", max(0, int(fi.Size())-len(with))) // variants can be shorter
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(with[:fi.Size()]), 0)
	if err := errors.Join(err, f.Close(), os.Link(name, name+".link"),
		os.Chtimes(name, time.Time{}, fi.ModTime())); err != nil {
		t.Fatal(err)
	}
}

// TestLinkedSet: a shard that gets a name and loses it changes nothing. One that is written over
// beside a name is not sent, though its modification time is set back.
func TestLinkedSet(t *testing.T) {
	tree := overwritten(0)
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	first, _ := tree.packShards(t, name, 3)
	all := clients(t, serve.Options{Archives: []serve.Archive{{Path: first}}})
	ask := func(may func(status int) bool) (wrong int) {
		t.Helper()
		for _, c := range all {
			for path, content := range tree {
				resp, body, err := c.try("/"+path, "Range: bytes=5000-5099")
				if err != nil { // it was cut off
					wrong++
					continue
				}
				if !may(resp.StatusCode) || resp.StatusCode == 206 && body != content[5000:5100] {
					t.Errorf("%s: %s: %s, %d bytes", c.name, path, resp.Status, len(body))
				}
				if resp.StatusCode != 206 {
					wrong++
				}
			}
		}
		return wrong
	}
	ask(func(status int) bool { return status == 206 })
	for i := range 3 {
		linkOnce(t, format.ShardName(name, i, 3))
		if err := os.Link(format.ShardName(name, i, 3), name+".kept"); err != nil {
			t.Fatal(err)
		}
		if n := ask(func(status int) bool { return status == 206 }); n > 0 {
			t.Errorf("%d answers were cut off", n)
		}
		if err := os.Remove(name + ".kept"); err != nil {
			t.Fatal(err)
		}
	}
	other := filepath.Join(t.TempDir(), "a.tar.gz")
	overwritten(1).packShards(t, other, 3)
	overwriteLinked(t, format.ShardName(name, 2, 3), readFile(t, format.ShardName(other, 2, 3)))
	if n := ask(func(status int) bool { return status == 206 || status >= 500 }); n == 0 {
		t.Error("the shard that was written over is answered from")
	}
}

// TestTouchedSet: a shard that has got a name is one that may have been written to, until that is
// accepted.
func TestTouchedSet(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	first, _ := overwritten(0).packShards(t, name, 3)
	a, err := tarpack.Open(t.Context(), first, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	set, ok := a.Source().(source.Overwritable)
	if !ok {
		t.Fatal("a set can't be written over")
	}
	if _, err := a.Source().ReadAt(make([]byte, 1), 0); err != nil { // opens the shard
		t.Fatal(err)
	}
	for _, links := range []string{".1", ".2"} {
		if err := set.Unchanged(0, 1); err != nil {
			t.Error(err)
		}
		if err := os.Link(first, first+links); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := set.Unchanged(0, 1); !errors.Is(err, source.ErrTouched) {
				t.Error(err)
			}
		}
		set.Accept()
	}
}
