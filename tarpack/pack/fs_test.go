package pack_test

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// packFS packs a file system and returns the archive's name.
func packFS(t *testing.T, fsys fs.FS, o pack.FSOptions) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := pack.FS(context.Background(), fsys, out, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// wantSameFiles compares two archives and their sidecars byte by byte.
func wantSameFiles(t *testing.T, got, want string) {
	t.Helper()
	for _, suffix := range []string{"", format.SidecarSuffix} {
		a, err := os.ReadFile(got + suffix)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(want + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s%s: other bytes", filepath.Base(got), suffix)
			tartest.WantListing(t, got, tartest.Listing(t, want)...)
		}
	}
}

// variedTree has duplicates, links, empty files and directories, a closed directory if possible,
// and files of every coding, in memory and beyond.
func variedTree(t *testing.T) string {
	big := strings.Repeat("segment ", (packer.InMemory+1<<20)/8)
	dir := tartest.Tree(t, [2]string{"z", "last"}, [2]string{"a/x", "in a"},
		[2]string{"a/same", "in a"}, [2]string{"a/b/", ""},
		[2]string{"a-b/y", "in a"}, [2]string{"l", "-> nowhere"}, [2]string{"a/l", "-> x"},
		[2]string{"empty", ""}, [2]string{"B", "upper"},
		[2]string{"segments", strings.Repeat("some text ", 300_000)},
		[2]string{"big", big}, [2]string{"a/big", big},
		[2]string{"noise", string(tartest.RandomBytes(rand.New(rand.NewPCG(1, 2)), packer.InMemory+5))})
	if os.Getuid() == 0 {
		tartest.WriteFile(t, filepath.Join(dir, "c"), nil)
		closed := filepath.Join(dir, "a", "closed")
		if err := os.MkdirAll(filepath.Join(closed, "in"), 0o755); err != nil {
			t.Fatal(err)
		}
		tartest.WriteFile(t, filepath.Join(closed, "in", "f"), []byte("not to be linked to"))
		tartest.WriteFile(t, filepath.Join(dir, "zz"), []byte("not to be linked to"))
		if err := os.Chmod(closed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "B"), 0o4755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFSMatchesDir(t *testing.T) {
	dir := variedTree(t)
	for _, mode := range []format.DedupMode{format.DedupContent, format.DedupStrict, format.DedupOff} {
		want := tartest.Pack(t, dir, pack.Options{Dedup: mode, Level: 1})
		wantSameFiles(t, packFS(t, os.DirFS(dir), pack.FSOptions{Dedup: mode, Level: 1}), want)
	}
	want := tartest.Pack(t, dir, pack.Options{Level: 1})
	t.Run("without ReadAt", func(t *testing.T) {
		wantSameFiles(t, packFS(t, sequentialFS{os.DirFS(dir).(fs.ReadLinkFS)},
			pack.FSOptions{Level: 1}), want)
	})
	t.Run("stream", func(t *testing.T) {
		var b bytes.Buffer
		if _, err := pack.StreamFS(context.Background(), os.DirFS(dir), &b,
			pack.FSOptions{Level: 1}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(want); err != nil || !bytes.Equal(b.Bytes(), got) {
			t.Errorf("the stream has other bytes than the file (%v)", err)
		}
	})
}

// A sequentialFS has files that can only be read in order.
type sequentialFS struct{ fs.ReadLinkFS }

func (s sequentialFS) Open(name string) (fs.File, error) {
	f, err := s.ReadLinkFS.Open(name)
	if _, ok := f.(fs.ReadDirFile); ok {
		if fi, err := f.Stat(); err != nil || fi.IsDir() {
			return f, err
		}
	}
	return struct{ fs.File }{f}, err
}

func TestFSMap(t *testing.T) {
	stamp := time.Unix(1700000000, 0)
	m := fstest.MapFS{
		"a.txt":     {Data: []byte("content"), Mode: 0o640, ModTime: stamp},
		"dir":       {Mode: fs.ModeDir | 0o750, ModTime: stamp},
		"dir/b.txt": {Data: []byte("content"), Mode: 0o640, ModTime: stamp},
		"dir/link":  {Data: []byte("b.txt"), Mode: fs.ModeSymlink | 0o777},
		"made/c":    {Data: []byte("c"), Mode: 0o600},
		"pipe":      {Mode: fs.ModeNamedPipe},
	}
	var notices []error
	out := packFS(t, m, pack.FSOptions{Notice: func(err error) { notices = append(notices, err) }})
	tartest.WantListing(t, out, "0 a.txt 7", "5 dir/", "1 dir/b.txt > a.txt", "2 dir/link > b.txt",
		"5 made/", "0 made/c 1")
	if len(notices) != 1 || !strings.Contains(notices[0].Error(), "pipe") {
		t.Errorf("notices %q, want one of the pipe", notices)
	}
	a := tartest.Open(t, out).FS()
	if err := fstest.TestFS(a, "a.txt", "dir/b.txt", "dir/link", "made/c"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]struct {
		mode fs.FileMode
		time int64
	}{
		"a.txt": {0o640, stamp.Unix()}, "dir": {fs.ModeDir | 0o750, stamp.Unix()},
		"made/c": {0o600, 0}, "made": {fs.ModeDir | 0o555, 0},
	} {
		fi, err := fs.Stat(a, name)
		if err != nil {
			t.Fatal(err)
		}
		if fi.Mode() != want.mode || fi.ModTime().Unix() != want.time {
			t.Errorf("%s: mode %v, time %d; want %v, %d",
				name, fi.Mode(), fi.ModTime().Unix(), want.mode, want.time)
		}
	}
}

// A file system without owners can't say whose rights setuid and setgid give.
func TestFSSetIDs(t *testing.T) {
	var notices []error
	out := packFS(t, fstest.MapFS{
		"f": {Mode: 0o755 | fs.ModeSetuid | fs.ModeSetgid},
		"d": {Mode: fs.ModeDir | fs.ModeSetgid | 0o775},
	}, pack.FSOptions{Notice: func(err error) { notices = append(notices, err) }})
	a := tartest.Open(t, out)
	for path, want := range map[string]fs.FileMode{
		"f": 0o755, "d": fs.ModeDir | fs.ModeSetgid | 0o775,
	} {
		if fi, err := fs.Stat(a.FS(), path); err != nil || fi.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, fi.Mode(), err, want)
		}
	}
	if len(notices) != 1 || !errors.Is(notices[0], format.ErrSetIDs) {
		t.Errorf("notices %v", notices)
	}
}

//go:embed *.go
var sources embed.FS

// Files of an embed.FS have no times.
func TestFSEmbed(t *testing.T) {
	a := tartest.Open(t, packFS(t, sources, pack.FSOptions{})).FS()
	if err := fstest.TestFS(a, "fs_test.go", "pack.go"); err != nil {
		t.Error(err)
	}
	fi, err := fs.Stat(a, "pack.go")
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode() != 0o444 || fi.ModTime().Unix() != 0 {
		t.Errorf("mode %v, time %v; want 0444, 1970", fi.Mode(), fi.ModTime())
	}
}

// A symbolic link is left out if its text cannot be read.
func TestFSWithoutReadLink(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"f", "x"}, [2]string{"l", "-> f"})
	var notices []error
	fsys := struct{ fs.ReadDirFS }{os.DirFS(dir).(fs.ReadDirFS)}
	out := packFS(t, fsys, pack.FSOptions{Notice: func(err error) { notices = append(notices, err) }})
	tartest.WantListing(t, out, "0 f 1")
	if len(notices) != 1 || !strings.HasPrefix(notices[0].Error(), "l: a symbolic link") {
		t.Errorf("notices %q", notices)
	}
}

// The archive may be written into the directory whose file system is packed.
func TestFSIntoTree(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "x"})
	out := filepath.Join(dir, "out.tar.gz")
	for range 2 {
		if _, err := pack.FS(context.Background(), os.DirFS(dir), out, pack.FSOptions{}); err != nil {
			t.Fatal(err)
		}
		tartest.WantListing(t, out, "0 a 1")
	}
}

// A liarFS has files whose info gives another size than their content.
type liarFS struct {
	fstest.MapFS
	more int64
}

type liarEntry struct {
	fs.DirEntry
	more int64
}

type liarInfo struct {
	fs.FileInfo
	more int64
}

func (i liarInfo) Size() int64 { return i.FileInfo.Size() + i.more }

func (e liarEntry) Info() (fs.FileInfo, error) {
	fi, err := e.DirEntry.Info()
	return liarInfo{fi, e.more}, err
}

func (l liarFS) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := l.MapFS.ReadDir(name)
	for i := range all {
		all[i] = liarEntry{all[i], l.more}
	}
	return all, err
}

// A file that is longer or shorter than its size in the directory ends the run, and nothing is
// left.
func TestFSChanged(t *testing.T) {
	for name, n := range map[string]int{"small": 1000, "big": packer.InMemory + 10} {
		for _, more := range []int64{-1, 1} {
			out := filepath.Join(t.TempDir(), "out.tar.gz")
			m := fstest.MapFS{"f": {Data: make([]byte, n), Mode: 0o644}}
			_, err := pack.FS(context.Background(), liarFS{m, more}, out, pack.FSOptions{})
			if !errors.Is(err, format.ErrChanged) || !strings.HasPrefix(err.Error(), "f: ") {
				t.Errorf("%s file, size off by %d: %v, want ErrChanged of f", name, more, err)
			}
			wantNothing(t, filepath.Dir(out))
		}
	}
}

// wantNothing makes sure that a directory has no files but those.
func wantNothing(t *testing.T, dir string, but ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, but) {
		t.Errorf("%s has %q, want %q", dir, names, but)
	}
}

func TestFSOptionsTogether(t *testing.T) {
	m := fstest.MapFS{
		"a":     {Data: []byte("text"), Mode: 0o644, ModTime: time.Unix(2000, 0)},
		"b":     {Data: []byte("text"), Mode: 0o644, ModTime: time.Unix(3000, 0)},
		"c.tmp": {Data: []byte("text"), Mode: 0o644},
	}
	var x exclude.Patterns
	if err := x.Add("*.tmp"); err != nil {
		t.Fatal(err)
	}
	entries := int64(0)
	o := pack.FSOptions{
		Level: 9, Workers: 1, Dedup: format.DedupStrict, Exclude: &x, LatestModTime: time.Unix(2500, 0),
		Progress: func(p format.Progress) { entries = p.Entries },
	}
	out := packFS(t, m, o)
	tartest.WantListing(t, out, "0 a 4", "0 b 4")
	if fi, err := fs.Stat(tartest.Open(t, out).FS(), "b"); err != nil || fi.ModTime().Unix() != 2500 {
		t.Errorf("b: time %v, %v; want 2500", fi.ModTime(), err)
	}
	if entries != 2 {
		t.Errorf("progress has %d entries, want 2", entries)
	}
	o.Level = 10
	bad := filepath.Join(t.TempDir(), "o.tar.gz")
	if _, err := pack.FS(context.Background(), m, bad, o); err == nil {
		t.Error("level 10 was accepted")
	}
}
