package sign

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestFIFOs puts a FIFO in place of each file of a signed archive and of a signed set. No command
// may wait for somebody who writes to it. Nothing but the right content is written.
func TestFIFOs(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	m.sign(t, pack(t, smallTree, dir, "x.tar.gz"))
	pack(t, smallTree, dir, "s.tar.gz", "--shards", "2")
	m.sign(t, filepath.Join(dir, "s.tar.gz"))
	want := tools.Must(t, exec.Command(tools.TPK(t), "cat", filepath.Join(dir, "x.tar.gz"), "d/a"))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			copied := tools.Dir(t)
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			fifo := filepath.Join(copied, f.Name())
			if err := os.Remove(fifo); err != nil {
				t.Fatal(err)
			}
			tools.Must(t, exec.Command(tools.Path(t, "mkfifo"), fifo))
			archive := filepath.Join(copied, f.Name()[:1]+".tar.gz")
			if f.Name()[0] == 's' {
				archive = filepath.Join(copied, "s-of-00002.tar.gz.tps")
			}
			out := filepath.Join(copied, "out.zip")
			for _, args := range [][]string{
				{"cat", archive, "d/a"}, {"ls", archive}, {"info", "--sha256", archive},
				{"extract", "-C", filepath.Join(copied, "out"), archive}, {"export", archive, out},
			} {
				r := fixture.Run(t, append(args, "--public-key", m.public)...)
				if args[0] == "cat" && r.Code == 0 && !bytes.Equal(r.Out, want) ||
					r.Code != 0 && (r.Code != 1 || !strings.Contains(string(r.Err), f.Name())) {
					t.Error(r)
				}
			}
			r := fixture.Run(t, "verify", "--public-key", m.public, archive)
			if r.Code != 1 || !strings.Contains(string(r.Err), f.Name()) {
				t.Error(r)
			}
			srv := serve(t, "--public-key", m.public, archive)
			if srv.url == "" {
				return
			}
			status, body, whole := srv.get(t, "d/a")
			if !whole || status == 200 && !bytes.Equal(body, want) {
				t.Errorf("status %d, %d bytes, whole %v", status, len(body), whole)
			}
		})
	}
}

// TestUnindexed takes the sidecar away from a signed archive, and puts another archive in place of
// it, with more bytes. It is refused before it is indexed, which could take any time and memory.
func TestUnindexed(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	for _, flags := range [][]string{nil, {"--shards", "2"}} {
		name := filepath.Join(dir, "x.tar.gz")
		pack(t, smallTree, dir, "x.tar.gz", flags...)
		m.sign(t, name)
		other := append(trees.Tree{trees.Noise("more", 5000)}, smallTree...)
		from := tools.Dir(t)
		pack(t, other, from, "x.tar.gz", flags...)
		files, err := filepath.Glob(filepath.Join(from, "*.tar.gz"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			write(t, filepath.Join(dir, filepath.Base(file)), read(t, file))
		}
		indexes, err := filepath.Glob(filepath.Join(dir, "*.tp[is]"))
		if err != nil || len(indexes) == 0 {
			t.Fatal(indexes, err)
		}
		for _, index := range indexes {
			if err := os.Remove(index); err != nil {
				t.Fatal(err)
			}
		}
		for _, args := range [][]string{
			{"cat", name, "d/a"}, {"ls", name}, {"info", name}, {"serve", "--listen", "127.0.0.1:0", name},
		} {
			fixture.Failed(t, fixture.Run(t, append(args, "--public-key", m.public)...),
				"it is not the archive that was signed: its size is ")
			r := fixture.Run(t, append(args, "--public-key", m.public)...)
			if bytes.Contains(r.Err, []byte("indexing it")) {
				t.Errorf("it was indexed: %v", r)
			}
		}
		old, err := filepath.Glob(filepath.Join(dir, "x*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range old {
			err = errors.Join(err, os.Remove(file))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestVerifySetIndex changes the index of a signed set behind its header, whose list is missing.
// Reading makes another one of the shards, but verify must find it.
func TestVerifySetIndex(t *testing.T) {
	m, dir := newMaker(t), tools.Dir(t)
	pack(t, smallTree, dir, "s.tar.gz", "--shards", "2")
	name := filepath.Join(dir, "s.tar.gz")
	m.sign(t, name)
	list := filepath.Join(dir, "s-of-00002.tar.gz.tps")
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	verify := func(flags ...string) tools.Result {
		return fixture.Run(t, append([]string{"verify", name}, flags...)...)
	}
	for _, flags := range [][]string{nil, {"--public-key", m.public}} {
		if r := verify(flags...); r.Code != 0 {
			t.Error(r)
		}
	}
	b := read(t, list+".tpi")
	b[512+36]++ // the time of the first entry
	write(t, list+".tpi", b)
	for _, flags := range [][]string{nil, {"--public-key", m.public}} {
		r := verify(flags...)
		if r.Code != 1 || !bytes.Contains(r.Err, []byte("s-of-00002.tar.gz.tps.tpi: ")) {
			t.Error(r)
		}
	}
	if err := os.Remove(list + ".tpi"); err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{nil, {"--public-key", m.public}} {
		if r := verify(flags...); r.Code != 0 {
			t.Error(r)
		}
	}
}
