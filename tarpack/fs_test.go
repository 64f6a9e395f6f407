package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/symlink"
)

// TestFS holds the file system to what package fs expects. Package fstest knows nothing of dangling
// links and FIFOs.
func TestFS(t *testing.T) {
	a := tartest.OpenForged(t,
		tartest.AFile("text", tartest.Text("t", 3000)), tartest.AFile("empty",
			""), tartest.AStored("noise", tartest.Noise("n", 200_000)),
		tartest.AGroup(tartest.SymlinkHeader("link", "dir/inner"),
			tartest.HardlinkHeader("hard", "text"), tartest.SymlinkHeader("to-dir",
				"dir"), tartest.DirHeader("dir")),
		tartest.AFile("dir/inner", "inner\n"), tartest.AFile("dir/grüße", "wide\n"),
		tartest.AGroup(tartest.SymlinkHeader("dir/up", "../text"), tartest.DirHeader("dir/sub"),
			tartest.DirHeader("dir/empty")),
		tartest.AFile("dir/sub/deep", tartest.Text("d", 700)),
		tartest.ASegmented("segments", tartest.Text("s", 3<<20+5), nil))
	if err := fstest.TestFS(a.FS(), "text", "dir/sub/deep", "link", "dir/empty",
		"segments"); err != nil {
		t.Error(err)
	}
	sub, err := fs.Sub(a.FS(), "dir")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(sub, "inner"); err != nil || string(b) != "inner\n" {
		t.Error(b, err)
	}
}

func TestFSEmpty(t *testing.T) {
	a := tartest.OpenForged(t)
	if err := fstest.TestFS(a.FS()); err != nil {
		t.Error(err)
	}
}

func TestFSResolve(t *testing.T) {
	a := tartest.OpenForged(t,
		tartest.AFile("f", "content of f"),
		tartest.AGroup(tartest.SymlinkHeader("abs", "/f"), tartest.SymlinkHeader("loop", "loop"),
			tartest.SymlinkHeader("ping", "pong"), tartest.SymlinkHeader("pong", "ping"),
			tartest.SymlinkHeader("out", "../f"), tartest.SymlinkHeader("dot",
				"./f"), tartest.SymlinkHeader("to-d", "d"), tartest.SymlinkHeader("slash", "d/"),
			tartest.SymlinkHeader("chain", "to-d/up"), tartest.SymlinkHeader("through-file",
				"f/x"), tartest.SymlinkHeader("gone", "missing"),
			tartest.SymlinkHeader("root", "."), tartest.DirHeader("d")),
		tartest.AFile("d/g", "content of g"),
		tartest.AGroup(tartest.SymlinkHeader("d/up", "../f"),
			tartest.SymlinkHeader("d/self", "../d/./g"), tartest.SymlinkHeader("d/in-out",
				"../../a/f"), tartest.HardlinkHeader("d/h", "f")))
	for _, c := range []struct {
		name string
		want string // content, or "dir"
		err  error
	}{
		{"f", "content of f", nil},
		{"d/h", "content of f", nil},
		{"dot", "content of f", nil},
		{"d/up", "content of f", nil},
		{"to-d/g", "content of g", nil},
		{"to-d/up", "content of f", nil},
		{"slash/g", "content of g", nil},
		{"chain", "content of f", nil},
		{"d/self", "content of g", nil},
		{"root/root/to-d/self", "content of g", nil},
		{"to-d", "dir", nil},
		{"root", "dir", nil},
		{".", "dir", nil},
		{"missing", "", fs.ErrNotExist},
		{"gone", "", fs.ErrNotExist},
		{"f/x", "", fs.ErrNotExist},
		{"through-file", "", fs.ErrNotExist},
		{"abs", "", fs.ErrNotExist},
		{"out", "", fs.ErrNotExist},
		{"d/in-out", "", fs.ErrNotExist},
		{"loop", "", symlink.ErrLoop},
		{"ping/x", "", symlink.ErrLoop},
		{"../f", "", fs.ErrInvalid},
		{"/f", "", fs.ErrInvalid},
		{"", "", fs.ErrInvalid},
		{"d/", "", fs.ErrInvalid},
		{"\xff", "", fs.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			fi, err := fs.Stat(a.FS(), c.name)
			if !errors.Is(err, c.err) {
				t.Fatalf("Stat: got %v, want %v", err, c.err)
			}
			var pe *fs.PathError
			if err != nil {
				if !errors.As(err, &pe) || pe.Path != c.name {
					t.Errorf("%v is no PathError with the name", err)
				}
				if _, err := a.FS().Open(c.name); !errors.Is(err, c.err) {
					t.Errorf("Open: %v", err)
				}
				return
			}
			if fi.IsDir() != (c.want == "dir") {
				t.Fatalf("is a directory: %v", fi.IsDir())
			}
			if fi.IsDir() {
				return
			}
			if b, err := fs.ReadFile(a.FS(), c.name); err != nil || string(b) != c.want {
				t.Errorf("got %q, %v, want %q", b, err, c.want)
			}
		})
	}
}

func TestFSLinks(t *testing.T) {
	a := tartest.OpenForged(t, tartest.Variety()...)
	if s, err := fs.ReadLink(a.FS(), "link"); err != nil || s != "dir/inner" {
		t.Error(s, err)
	}
	if _, err := fs.ReadLink(a.FS(), "text"); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	fi, err := fs.Lstat(a.FS(), "link")
	if err != nil || fi.Mode() != fs.ModeSymlink|0o777 || fi.Size() != int64(len("dir/inner")) {
		t.Error(fi, err)
	}
	fi, err = fs.Stat(a.FS(), "hard")
	if err != nil || fi.Mode() != 0o644 || fi.Size() != 3000 ||
		!fi.ModTime().Equal(time.Unix(1e9, 0)) {
		t.Error(fi, err)
	}
	if e, ok := fi.Sys().(sidecar.Entry); !ok || e.Type != sidecar.TypeHardlink {
		t.Error(fi.Sys())
	}
	fi, err = fs.Stat(a.FS(), "pipe")
	if err != nil || fi.Mode() != fs.ModeNamedPipe|0o600 {
		t.Error(fi, err)
	}
	if _, err := a.FS().Open("pipe"); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
}

// Names that package fs does not allow are left out.
func TestFSNamesNotUTF8(t *testing.T) {
	a := tartest.OpenForged(t, tartest.AFile("good", "x"), tartest.AFile("b\xffd", "y"),
		tartest.AGroup(tartest.DirHeader("\xfe")), tartest.AFile("\xfe/z", "z"))
	list, err := fs.ReadDir(a.FS(), ".")
	if err != nil || len(list) != 1 || list[0].Name() != "good" {
		t.Error(list, err)
	}
	if err := fstest.TestFS(a.FS(), "good"); err != nil {
		t.Error(err)
	}
}

func TestFSReadDirPages(t *testing.T) {
	var parts []tartest.ForgedPart
	var want []string
	for i := range 10 {
		name := fmt.Sprintf("d%02d", i)
		parts = append(parts, tartest.AGroup(tartest.DirHeader(name)),
			tartest.AFile(name+"/in", "x"), tartest.AFile(name+"-file", "y"))
		want = append(want, name, name+"-file")
	}
	a := tartest.OpenForged(t, parts...)
	for _, n := range []int{1, 3, 7, 20, 21} {
		f, err := a.FS().Open(".")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			list, err := f.(fs.ReadDirFile).ReadDir(n)
			for _, e := range list {
				got = append(got, e.Name())
			}
			if err == io.EOF {
				break
			}
			if err != nil || len(list) == 0 || len(list) > n {
				t.Fatalf("pages of %d: %v, %v", n, list, err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q", n, got)
		}
		if list, err := f.(fs.ReadDirFile).ReadDir(-1); len(list) != 0 || err != nil {
			t.Errorf("behind the end: %v, %v", list, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.(fs.ReadDirFile).ReadDir(1); !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	}
}

// Files of every coding are read from everywhere, by several goroutines at once.
func TestFSFiles(t *testing.T) {
	contents := map[string]string{
		"text": tartest.Text("t", 3000), "empty": "", "noise": tartest.Noise("n",
			1000), "stored": tartest.Noise("big", 1<<20+7),
		"segments": tartest.Text("s", 3<<20+5), "two": tartest.Text("2",
			2<<20), "hard": tartest.Text("t", 3000),
	}
	a := tartest.OpenForged(t, tartest.Big()...)
	var wg sync.WaitGroup
	for name, want := range contents {
		for range 2 {
			wg.Go(func() {
				f, err := a.FS().Open(name)
				if err != nil {
					t.Error(err)
					return
				}
				defer f.Close()
				if len(want) < 10_000 { // it takes time that grows with the square
					if err := iotest.TestReader(f, []byte(want)); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				b := make([]byte, 100)
				for _, off := range []int64{0, 1, 511, 65_534, 1<<20 - 1, 1 << 20, int64(len(want)) - 50} {
					if off < 0 || off > int64(len(want)) {
						continue
					}
					n, err := f.(io.ReaderAt).ReadAt(b, off)
					rest := want[off:]
					if string(b[:n]) != rest[:min(100, len(rest))] || (err == io.EOF) != (len(rest) < 100) {
						t.Errorf("%s: %d bytes at %d: %v", name, n, off, err)
					}
				}
				if _, err := f.(io.Seeker).Seek(-int64(len(want)/3), io.SeekEnd); err != nil {
					t.Error(err)
				}
				tail, err := io.ReadAll(f)
				if err != nil || string(tail) != want[len(want)-len(want)/3:] {
					t.Errorf("%s: the last third: %d bytes, %v", name, len(tail), err)
				}
			})
		}
	}
	wg.Wait()
}

// Damage shows while a file is read, never as a short file.
func TestFSDamage(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.AFile("a", tartest.Text("a", 3000)),
		tartest.AFile("b", tartest.Text("b", 3000)))
	side := tartest.IndexOf(t, archive)
	x, err := sidecar.OpenBytes(side)
	if err != nil {
		t.Fatal(err)
	}
	i, _, _ := x.Lookup("a")
	e, err := x.Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	for at := e.ContentOffset(); at < e.ContentOffset()+e.ContentLen; at++ {
		damaged := bytes.Clone(archive)
		damaged[at] ^= 1
		a, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, damaged, side), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := fs.ReadFile(a.FS(), "a"); err == nil && string(b) != tartest.Text("a", 3000) {
			t.Errorf("byte %d: other content and no error", at)
		} else if err != nil && (!errors.Is(err, gzmember.ErrCorrupt) ||
			!strings.HasPrefix(err.Error(), "read a: ")) {
			t.Errorf("byte %d: %v", at, err)
		}
		if _, err := fs.ReadFile(a.FS(), "b"); err != nil {
			t.Error(err)
		}
		a.Close()
	}
}
