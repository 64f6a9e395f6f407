package sign

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// large is more than the server reads of a content before it begins to send it.
const large = 40 << 20

func servedTree(large int) trees.Tree {
	return trees.Tree{
		trees.Text("small", 5000), trees.Text("text", 3<<20), trees.Text("long", large),
		trees.Noise("stored", large), trees.Bytes("zeros", make([]byte, large)),
		trees.Hardlink("zlink", "stored"), trees.File("empty", ""), trees.Symlink("symlink", "small"),
	}
}

func gunzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return out
}

// TestServeSigned asks for files of every kind in every way, twice: the first answer is checked
// while it is made, the second one needs no check.
func TestServeSigned(t *testing.T) {
	t.Run("sidecar", func(t *testing.T) { testServeSigned(t, servedTree(large)) })
	t.Run("embedded", func(t *testing.T) {
		testServeSigned(t, servedTree(2<<20), "--embed-index")
	})
}

func testServeSigned(t *testing.T, tree trees.Tree, flags ...string) {
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, tree, dir, "x.tar.gz", flags...)
	m.sign(t, archive)
	srv := serve(t, "--public-key", m.public, "--not-before", "2020-01-01", archive)
	content := map[string][]byte{"zlink": tree[3].Data, "symlink": tree[0].Data}
	for _, n := range tree {
		if n.Kind == trees.KindFile {
			content[n.Path] = n.Data
		}
	}
	for range 2 {
		for path, want := range content {
			if status, body, whole := srv.get(t, path); status != 200 || !whole || !bytes.Equal(body, want) {
				t.Errorf("%s: %d, %d bytes, whole %v", path, status, len(body), whole)
			}
			status, body, whole := srv.get(t, path, "Accept-Encoding", "gzip")
			if status != 200 || !whole || !bytes.Equal(body, want) && !bytes.Equal(gunzip(body), want) {
				t.Errorf("%s, gzip: %d, %d bytes, whole %v", path, status, len(body), whole)
			}
			if len(want) == 0 {
				continue
			}
			off := len(want) / 2
			status, body, whole = srv.get(t, path, "Range", fmt.Sprintf("bytes=%d-", off))
			if status != 206 || !whole || !bytes.Equal(body, want[off:]) {
				t.Errorf("%s, from %d: %d, %d bytes, whole %v", path, off, status, len(body), whole)
			}
			status, _, whole = srv.get(t, path, "Range", "bytes=0-9,2000-2009")
			if status != 206 || !whole {
				t.Errorf("%s, two ranges: %d, whole %v", path, status, whole)
			}
		}
	}
	// A download needs a check of the whole archive, which the first request begins.
	download := func(query string) []byte {
		for {
			status, body, whole := srv.get(t, query)
			switch {
			case status == 200 && whole:
				return body
			case status != http.StatusServiceUnavailable:
				t.Fatalf("%s: %d, whole %v\n%s", query, status, whole, srv.log)
			}
			time.Sleep(10 * time.Millisecond) // until it is done
		}
	}
	if b := download("?list&download=tar.gz"); !bytes.Equal(b, read(t, archive)) {
		t.Errorf("%d other bytes", len(b))
	}
	b := download("?list&download=zip")
	if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Error(err)
	}
	if status, body, _ := srv.get(t, "?list&format=json"); status != 200 ||
		!bytes.Contains(body, []byte(`"name":"zeros"`)) {
		t.Errorf("%d %s", status, body)
	}
}

// TestServeForgedLarge forges one MiB of a large file. Ranges of other parts are answered. Nothing
// that has a byte of it ends normally, and no such byte is sent without compression.
func TestServeForgedLarge(t *testing.T) {
	m, dir, tree := newMaker(t), tools.Dir(t), servedTree(large)
	archive := pack(t, tree, dir, "x.tar.gz")
	m.sign(t, archive)
	const forged = 9 // the number of the MiB
	for _, path := range []string{"stored", "long"} {
		b := read(t, archive)
		c := member(t, archive, path, b)
		if path == "stored" {
			part := tree[3].Data[forged<<20:][:1000]
			at := bytes.Index(c, part)
			copy(c[at:], collide(t, part))
		} else {
			c[len(c)*forged/40+len(c)/80] ^= 1
		}
		write(t, archive, b)
	}
	srv := serve(t, "--public-key", m.public, archive)
	for _, path := range []string{"stored", "long"} {
		for round := range 2 { // the second time, the server knows that the file is bad
			for _, r := range []struct {
				bytes string
				right bool
			}{
				{fmt.Sprintf("bytes=0-%d", 1<<20), true},
				{fmt.Sprintf("bytes=%d-%d", (forged+2)<<20, (forged+3)<<20), true},
				{fmt.Sprintf("bytes=%d-%d", forged<<20, forged<<20+10), false},
				{fmt.Sprintf("bytes=%d-%d", forged<<20-10, (forged+1)<<20+10), false},
				{fmt.Sprintf("bytes=0-10,%d-%d", forged<<20+99, forged<<20+100), false},
				{"", false},
			} {
				fields := []string{"Range", r.bytes}
				if r.bytes == "" {
					fields = nil
				}
				status, body, whole := srv.get(t, path, fields...)
				right := whole && status < 300
				if right != (r.right && round == 0) && !(right && r.right) || len(body) > forged<<20 {
					t.Errorf("%s %s: status %d, whole %v, %d bytes", path, r.bytes, status, whole, len(body))
				}
			}
			status, body, whole := srv.get(t, path, "Accept-Encoding", "gzip")
			if whole && status < 300 {
				t.Errorf("%s, gzip: status %d, %d bytes", path, status, len(body))
			}
		}
	}
	for _, query := range []string{"?list&download=tar.gz", "?list&download=zip"} {
		status := http.StatusServiceUnavailable
		for status == http.StatusServiceUnavailable {
			status, _, _ = srv.get(t, query)
			time.Sleep(10 * time.Millisecond)
		}
		if status != http.StatusInternalServerError {
			t.Errorf("%s: %d", query, status)
		}
	}
	if status, body, _ := srv.get(t, "small"); status != 200 || !bytes.Equal(body, tree[0].Data) {
		t.Errorf("small: %d", status)
	}
	srv.log.says(t, "it is not the archive that was signed")
	srv.log.says(t, "the content is not the one that was signed")
}

// replace renames or writes over the archive of a directory by that of another.
func replace(t *testing.T, from, to string, over bool, names ...string) {
	t.Helper()
	for _, name := range names {
		b := read(t, filepath.Join(from, name))
		if over {
			write(t, filepath.Join(to, name), b)
			continue
		}
		temp := filepath.Join(to, "new-"+name)
		write(t, temp, b)
		if err := os.Rename(temp, filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestServeReplaced replaces a signed archive by one whose signature comes later. Until then
// the old one is answered, or nothing.
func TestServeReplaced(t *testing.T) {
	m := newMaker(t)
	dirs := [2]string{tools.Dir(t), tools.Dir(t)}
	for i, text := range []string{"old", "new content"} {
		m.sign(t, pack(t, trees.Tree{trees.File("a", text)}, dirs[i], "x.tar.gz"))
	}
	for _, over := range []bool{false, true} {
		t.Run(fmt.Sprintf("over=%v", over), func(t *testing.T) {
			dir := tools.Dir(t)
			if err := os.CopyFS(dir, os.DirFS(dirs[0])); err != nil {
				t.Fatal(err)
			}
			srv := serve(t, "--watch", "--public-key", m.public, filepath.Join(dir, "x.tar.gz"))
			get := func() string {
				status, body, whole := srv.get(t, "a")
				if !whole || status != 200 {
					return fmt.Sprint(status)
				}
				return string(body)
			}
			if got := get(); got != "old" {
				t.Fatal(got)
			}
			replace(t, dirs[1], dir, over, "x.tar.gz", "x.tar.gz.tpi")
			want := "old"
			if over {
				want = "503"
				srv.log.says(t, "still not served: ")
			} else {
				srv.log.says(t, "still served as before: ")
			}
			for range 20 {
				if got := get(); got != want {
					t.Fatalf("%s, want %s\n%s", got, want, srv.log)
				}
			}
			if n := strings.Count(srv.log.String(), "it is not the archive that was signed"); n != 1 {
				t.Errorf("%d lines about it\n%s", n, srv.log)
			}
			replace(t, dirs[1], dir, over, "x.tar.gz.sum", "x.tar.gz.sum.minisig")
			for deadline := time.Now().Add(tools.Timeout); get() != "new content"; {
				if time.Now().After(deadline) {
					t.Fatalf("%s\n%s", get(), srv.log)
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
}

// TestServeUnsigned requires that what can't be signed is refused when the server starts.
func TestServeUnsigned(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, smallTree, dir, "x.tar.gz")
	fixture.Failed(t, fixture.Run(t, "serve", "--public-key", m.public, archive), "it is not signed")
	m.sign(t, archive)
	fixture.Failed(t, fixture.Run(t, "serve", "--public-key", m.public, "--mount", "/d="+dir, archive),
		"it is not signed: it is a directory")
	for _, args := range [][]string{{dir}, {"--fallback", dir, archive}} {
		r := fixture.Run(t, append([]string{"serve", "--public-key", m.public}, args...)...)
		if r.Code != 2 || !strings.Contains(string(r.Err), "are never signed") {
			t.Error(r)
		}
	}
	zipped := filepath.Join(dir, "z.zip")
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, zipped, b.Bytes())
	fixture.Failed(t, fixture.Run(t, "serve", "--public-key", m.public, zipped), "it is not signed")
	for name, text := range map[string]string{
		"nokey": "RWQ", "secret": string(read(t, m.secret)), "empty": "",
	} {
		key := filepath.Join(dir, name)
		write(t, key, []byte(text))
		fixture.Failed(t, fixture.Run(t, "serve", "--public-key", key, archive),
			"it is no minisign public key")
	}
	fixture.Failed(t, fixture.Run(t, "serve", "--public-key", "missing", archive), "no such file")
	r := fixture.Run(t, "serve", "--not-before", "2020-01-01", archive)
	if r.Code != 2 || !strings.Contains(string(r.Err), "--not-before needs --public-key") {
		t.Error(r)
	}
}

// TestServeForgedAndRemoved changes a file of a signed archive that was checked and sent before,
// sets the archive's time back and removes its name, as renaming another file to it does. The
// server still has it open, and must not send the forged bytes. What is not forged is sent.
func TestServeForgedAndRemoved(t *testing.T) {
	m := newMaker(t)
	tree := trees.Tree{trees.Noise("big", 3<<20), trees.Noise("other", 3<<20)}
	for _, c := range []struct {
		name, archive string
		flags         []string
	}{
		{"archive", "x.tar.gz", nil}, {"embedded", "x.tar.gz", []string{"--embed-index"}},
		{"set", "x-00000-of-00001.tar.gz", []string{"--shards", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := tools.Dir(t)
			pack(t, tree, dir, "x.tar.gz", append(c.flags, "--level", "0")...)
			m.sign(t, filepath.Join(dir, "x.tar.gz"))
			srv := serve(t, "--public-key", m.public, filepath.Join(dir, "x.tar.gz"))
			for _, n := range tree {
				if _, body, whole := srv.get(t, n.Path); !whole || !bytes.Equal(body, n.Data) {
					t.Fatalf("%s: %d bytes", n.Path, len(body))
				}
			}
			file := filepath.Join(dir, c.archive)
			was, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			const off, n = 70_000, 100
			at := bytes.Index(read(t, file), tree[0].Data[off:off+n])
			f, err := os.OpenFile(file, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt(bytes.Repeat([]byte{'x'}, n), int64(at))
			}
			if err = errors.Join(err, f.Close(), os.Chtimes(file, was.ModTime(), was.ModTime()),
				os.Remove(file)); err != nil {
				t.Fatal(err)
			}
			part := fmt.Sprintf("bytes=%d-%d", off, off+n-1)
			status, body, whole := srv.get(t, "big", "Range", part)
			if whole && status < 400 || bytes.Contains(body, []byte("xxxx")) {
				t.Errorf("status %d, %q, whole %v\n%s", status, body, whole, srv.log)
			}
			status, body, whole = srv.get(t, "other", "Range", part)
			if status != 206 || !whole || !bytes.Equal(body, tree[1].Data[off:off+n]) {
				t.Errorf("status %d, %d bytes, whole %v\n%s", status, len(body), whole, srv.log)
			}
			if status, _, whole := srv.get(t, "big"); whole && status < 400 {
				t.Errorf("status %d\n%s", status, srv.log)
			}
		})
	}
}

// TestServeReplacedDownload renames another file to a signed archive while the whole of it is
// downloaded. The download is compared once more before its last bytes are sent, and is whole.
func TestServeReplacedDownload(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	archive := pack(t, trees.Tree{trees.Noise("noise", large)}, dir, "x.tar.gz")
	m.sign(t, archive)
	want := read(t, archive)
	srv := serve(t, "--public-key", m.public, archive)
	const query = "?list&download=tar.gz"
	for status := http.StatusServiceUnavailable; status != http.StatusOK; {
		if status, _, _ = srv.get(t, query); status != http.StatusOK {
			time.Sleep(10 * time.Millisecond) // until it was compared
		}
	}
	r, err := http.Get(srv.url + query)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	first := make([]byte, 1000) // the rest does not fit into the buffers of the connection
	if _, err := io.ReadFull(r.Body, first); err != nil {
		t.Fatal(err)
	}
	temp := filepath.Join(dir, "other")
	write(t, temp, []byte("other"))
	if err := os.Rename(temp, archive); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(r.Body)
	if err != nil || !bytes.Equal(append(first, rest...), want) {
		t.Errorf("%d bytes of %d, %v\n%s", len(first)+len(rest), len(want), err, srv.log)
	}
	srv.log.says(t, "has changed: it is being checked")
}
