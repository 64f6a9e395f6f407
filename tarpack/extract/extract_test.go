package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// mustExtract extracts an archive and returns the result.
func mustExtract(t testing.TB, a *tarpack.Archive, dir string, o Options) Result {
	t.Helper()
	t.Cleanup(func() { tartest.OpenUp(dir) })
	res, err := Extract(context.Background(), a, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// wantProblems compares the problems' paths, in any order.
func wantProblems(t testing.TB, res Result, err error, paths ...string) {
	t.Helper()
	var got []string
	for _, p := range res.Problems {
		got = append(got, p.Path)
		if !errors.Is(p.Err, err) {
			t.Errorf("%v is not %v", p, err)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, paths) || res.Failed != int64(len(paths)) {
		t.Errorf("problems with %q, want %q", got, paths)
	}
}

func wantFound(t testing.TB, dir string, want ...string) {
	t.Helper()
	if got := tartest.Found(t, dir); !slices.Equal(got, want) {
		t.Errorf("%s holds\n  %s\nwant\n  %s", dir, strings.Join(got, "\n  "),
			strings.Join(want, "\n  "))
	}
}

// with returns a header with another mode and time.
func with(h format.Header, mode uint16, mtime int64) format.Header {
	h.Mode, h.ModTime = mode, mtime
	return h
}

// headed returns a file with the header h.
func headed(h format.Header, content string) tartest.ForgedPart {
	h.Size = int64(len(content))
	b := append(tartest.Member(tartest.Blocks(h), nil), tartest.TailOf(content)...)
	return tartest.Raw(b)
}

func TestExtract(t *testing.T) {
	a := tartest.OpenForged(t, tartest.Big()...)
	for _, workers := range []int{1, 4} {
		dir := filepath.Join(t.TempDir(), "new", "dir")
		var last format.Progress
		res := mustExtract(t, a, dir, Options{Workers: workers, Special: true,
			Progress: func(p format.Progress) { last = p }})
		wantProblems(t, res, nil)
		if res.Entries != int64(a.Index().Len()) || last.Entries != res.Entries ||
			last.Bytes != res.Bytes {
			t.Errorf("%d entries and %d bytes, progress %+v", res.Entries, res.Bytes, last)
		}
		tartest.SameAsFS(t, a, dir)
	}
}

// Directories get their modes and times after all that is in them.
func TestExtractModes(t *testing.T) {
	ro := with(tartest.DirHeader("ro"), 0o500, 1000)
	sub := with(tartest.DirHeader("ro/sub"), 0o511, 2000)
	a := tartest.OpenForged(t,
		headed(with(tartest.FileHeader("secret", 0), 0o400, 10), "s"),
		headed(with(tartest.FileHeader("none", 0), 0, 11), "n"),
		headed(with(tartest.FileHeader("sticky", 0), 0o1644, 12), "t"),
		headed(with(tartest.FileHeader("wide", 0), 0o666, -13), ""),
		tartest.AGroup(with(tartest.SymlinkHeader("link", "x"), 0o777, 14), ro),
		headed(with(tartest.FileHeader("ro/f", 0), 0o444, 15), "f"),
		tartest.AGroup(sub, with(tartest.DirHeader("ro/sub/empty"), 0o2755, 3000)),
		headed(with(tartest.FileHeader("ro/sub/g", 0), 0o640, 16), "g"))
	dir := t.TempDir()
	for range 2 { // the second time over what is there
		wantProblems(t, mustExtract(t, a, dir, Options{}), nil)
		wantFound(t, dir,
			`link Lrwxrwxrwx 14 -> x`, `none ---------- 11 "n"`, `ro dr-x------ 1000`,
			`ro/f -r--r--r-- 15 "f"`,
			`ro/sub dr-x--x--x 2000`, `ro/sub/empty dgrwxr-xr-x 3000`, `ro/sub/g -rw-r----- 16 "g"`,
			`secret -r-------- 10 "s"`, `sticky trw-r--r-- 12 "t"`, `wide -rw-rw-rw- -13 ""`)
	}
}

func TestExtractPaths(t *testing.T) {
	a := tartest.OpenForged(t, tartest.Variety()...)
	for _, c := range []struct {
		paths   []string
		want    []string
		missing []string
	}{
		{[]string{"512"}, []string{"512"}, nil},
		{[]string{"dir/sub"}, []string{"dir", "dir/sub", "dir/sub/a", "dir/sub/deep",
			"dir/sub/nowhere"}, nil},
		{[]string{"dir/sub/deep", "dir/sub", "dir/inner", "dir/sub/deep"},
			[]string{"dir", "dir/inner", "dir/sub", "dir/sub/a", "dir/sub/deep", "dir/sub/nowhere"},
			nil},
		{[]string{"dir/dup", "nowhere", "dir/sub/nowhere/x"}, []string{"dir", "dir/dup"},
			[]string{"dir/sub/nowhere/x", "nowhere"}},
	} {
		for _, links := range []bool{false, true} {
			dir := t.TempDir()
			res := mustExtract(t, a, dir, Options{Paths: c.paths, HardLinks: links})
			wantProblems(t, res, format.ErrNoEntry, c.missing...)
			var got []string
			for _, line := range tartest.Found(t, dir) {
				name, _, _ := strings.Cut(line, " ")
				got = append(got, name)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q: got %q, want %q", c.paths, got, c.want)
			}
		}
	}
	dir := t.TempDir()
	mustExtract(t, a, dir, Options{Paths: []string{""}, Special: true})
	tartest.SameAsFS(t, a, dir)
}

func TestExtractLinks(t *testing.T) {
	dup := tartest.HardlinkHeader("a/dup", "z")
	dup.Mode = 0
	a := tartest.OpenForged(t, tartest.AFile("f", tartest.Text("f", 5000)),
		tartest.AFile("z", tartest.Text("z", 5000)), tartest.AFile("empty", ""),
		tartest.AGroup(tartest.DirHeader("a"), tartest.HardlinkHeader("a/hard", "f"), dup,
			tartest.HardlinkHeader("e", "empty")))
	links := func(dir string, names ...string) (n []uint64) {
		for _, name := range names {
			fi, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			n = append(n, durable.StatOf(fi).Nlink)
		}
		return n
	}
	for hard, want := range map[bool][]uint64{false: {2, 2, 1, 1, 2}, true: {2, 2, 2, 2, 2}} {
		dir := t.TempDir()
		for range 2 {
			wantProblems(t, mustExtract(t, a, dir, Options{HardLinks: hard}), nil)
			if got := links(dir, "f", "a/hard", "a/dup", "z", "e"); !slices.Equal(got, want) {
				t.Errorf("hard links %v: link counts %v", hard, got)
			}
			tartest.SameAsFS(t, a, dir)
		}
	}
	// Where the target is not selected, the first link stands for it.
	dir := t.TempDir()
	wantProblems(t, mustExtract(t, a, dir, Options{HardLinks: true, Paths: []string{"a"}}), nil)
	if got := links(dir, "a/hard"); got[0] != 1 {
		t.Error(got)
	}
}

// Devices, FIFOs and setuid bits are restored only with Special.
func TestExtractSpecial(t *testing.T) {
	fifo := format.Header{Path: "fifo", Type: sidecar.TypeFIFO, Mode: 0o640, ModTime: 5}
	null := format.Header{Path: "null", Type: sidecar.TypeChar, Mode: 0o666, ModTime: 6,
		DevMajor: 1, DevMinor: 3}
	suid := with(tartest.FileHeader("suid", 0), 0o4755, 7)
	link := with(tartest.HardlinkHeader("h", "suid"), 0o4755, 7)
	for _, h := range []*format.Header{&suid, &link} {
		h.UID, h.GID = os.Getuid(), os.Getgid()
	}
	a := tartest.OpenForged(t, headed(suid, "s"),
		tartest.AFile("f", "f"), tartest.AGroup(fifo, null, link))
	dir := t.TempDir()
	res := mustExtract(t, a, dir, Options{})
	wantProblems(t, res, format.ErrRefused, "fifo", "null", "suid")
	wantFound(t, dir, `f -rw-r--r-- 1000000000 "f"`, `h -rwxr-xr-x 7 "s"`, `suid -rwxr-xr-x 7 "s"`)

	res = mustExtract(t, a, dir, Options{Special: true})
	lines := tartest.Found(t, dir)
	for _, want := range []string{`fifo prw-r----- 5`, `suid urwxr-xr-x 7 "s"`} {
		if !slices.Contains(lines, want) {
			t.Errorf("%s is missing among %q", want, lines)
		}
	}
	if os.Getuid() == 0 {
		wantProblems(t, res, nil)
		if !slices.Contains(lines, `null Dcrw-rw-rw- 6`) {
			t.Errorf("%q", lines)
		}
	} else {
		wantProblems(t, res, syscall.EPERM, "null")
	}
}

// What is in the way is removed, and never written through.
func TestExtractInTheWay(t *testing.T) {
	filetest.NeedSymlinks(t)
	a := tartest.OpenForged(t, tartest.AFile("f", "new"),
		tartest.AGroup(tartest.SymlinkHeader("l", "f"), tartest.HardlinkHeader("h", "f"),
			tartest.DirHeader("d")), tartest.AFile("d/g", "new"))
	for _, c := range []struct {
		name    string
		make    func(base, target string) error
		problem string
	}{
		{"a file", func(base, target string) error {
			return os.WriteFile(target+"/f", []byte("old"), 0o600)
		}, ""},
		{"a read-only file", func(base, target string) error {
			return os.WriteFile(target+"/f", []byte("old"), 0)
		}, ""},
		{"a link to a file outside",
			func(base, target string) error {
				return os.Symlink("../outside/f", target+"/f")
			}, ""},
		{"a link to nothing", func(base, target string) error {
			return os.Symlink("../outside/new", target+"/f")
		}, ""},
		{"a hard link to outside",
			func(base, target string) error { return os.Link(base+"/outside/f", target+"/f") }, ""},
		{"a link for a hard link",
			func(base, target string) error { return os.Symlink("../outside/f", target+"/h") }, ""},
		{"a directory for a link", func(base, target string) error {
			return os.Mkdir(target+"/l", 0o700)
		}, ""},
		{"a FIFO",
			func(base, target string) error { return filetest.Mkfifo(target + "/f") }, ""},
		{"a link for a directory", func(base, target string) error {
			return os.Symlink("../outside", target+"/d")
		}, ""},
		{"a file for a directory",
			func(base, target string) error { return os.WriteFile(target+"/d", nil, 0o600) }, ""},
		{"a directory",
			func(base, target string) error { return os.Mkdir(target+"/d", 0o500) }, ""},
		{"a full directory for a file",
			func(base, target string) error {
				return os.MkdirAll(target+"/f/x", 0o700)
			}, "f"},
	} {
		for _, links := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, links), func(t *testing.T) {
				base := t.TempDir()
				target := filepath.Join(base, "target")
				if err := errors.Join(os.Mkdir(base+"/outside", 0o700), os.Mkdir(target, 0o700),
					os.WriteFile(base+"/outside/f", []byte("safe"), 0o600),
					c.make(base, target)); err != nil {
					t.Fatal(err)
				}
				stamp := time.Unix(42, 0)
				if err := errors.Join(os.Chtimes(base+"/outside/f", stamp, stamp),
					os.Chtimes(base+"/outside", stamp, stamp)); err != nil {
					t.Fatal(err)
				}
				res := mustExtract(t, a, target, Options{HardLinks: links})
				wantFound(t, filepath.Join(base, "outside"), `f -rw------- 42 "safe"`)
				if c.problem != "" {
					if len(res.Problems) != 1 || res.Problems[0].Path != c.problem {
						t.Error(res.Problems)
					}
					return
				}
				wantProblems(t, res, nil)
				tartest.SameAsFS(t, a, target)
			})
		}
	}
}

// A name that the file system takes for another one of this run is refused, in any order.
func TestExtractCollision(t *testing.T) {
	dir := t.TempDir()
	for _, here := range []bool{true, false} {
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		d := &targetDir{root: root, createdHere: here}
		name := fmt.Sprint("f", here)
		f, err := d.createFile(name, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if _, err := d.createFile(name, 0o644); !errors.Is(err, format.ErrCollision) {
			t.Errorf("created here %v: a second file: %v", here, err)
		}
		sub := &targetDir{parent: d, name: name, path: name, ordinal: 1}
		if err := d.makeDir(sub); !errors.Is(err, format.ErrCollision) {
			t.Errorf("created here %v: a directory: %v", here, err)
		}
		if err := d.clearForLater(name); err != nil {
			t.Errorf("created here %v: %v", here, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("created here %v: %v", here, err)
		}
	}
	// Two directories that the file system takes for one that was there before.
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	d := &targetDir{root: root}
	for i, want := range []error{nil, format.ErrCollision} {
		sub := &targetDir{parent: d, name: "d", path: "d", ordinal: i}
		if err := d.makeDir(sub); !errors.Is(err, want) {
			t.Errorf("directory %d: %v", i, err)
		}
	}
}

// A directory that was replaced during the run is not opened again: neither a symbolic link, even
// one to a directory of the target, nor a file.
func TestExtractReplacedDir(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = errors.Join(root.Mkdir("other", 0o700), root.Symlink("other", "inside"),
		root.Symlink(t.TempDir(), "outside"), root.WriteFile("file", nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"inside", "outside", "file"} {
		d := &targetDir{parent: &targetDir{root: root}, name: name, path: name}
		if err := d.open(); !errors.Is(err, format.ErrRefused) || d.root != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A damaged member costs its file and nothing else, and leaves no part of it.
func TestExtractDamaged(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Big()...)
	side := tartest.IndexOf(t, archive)
	x, err := sidecar.OpenBytes(side)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"text", "noise", "segments", "stored"} {
		i, _, err := x.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		e, err := x.Entry(i)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(archive)
		damaged[e.ContentOffset()+e.ContentLen*2/3] ^= 0xff
		a, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, damaged, side), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for _, links := range []bool{false, true} {
			dir := t.TempDir()
			res := mustExtract(t, a, dir, Options{Special: true, HardLinks: links})
			var failed []string
			for _, p := range res.Problems {
				failed = append(failed, p.Path)
			}
			slices.Sort(failed)
			want := []string{name}
			if name == "text" {
				want = []string{"dir/dup", "hard", "text"} // links to it
			}
			if !slices.Equal(failed, want) {
				t.Errorf("%s damaged: problems %q", name, res.Problems)
			}
			if got := len(tartest.Found(t, dir)); got != x.Len()-len(want) {
				t.Errorf("%s damaged: %d entries extracted of %d", name, got, x.Len())
			}
		}
	}
}

// A sidecar that is damaged behind its header is not used.
func TestExtractDamagedSidecar(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	for at := 512; at < len(side); at += 37 {
		damaged := bytes.Clone(side)
		damaged[at] ^= 0x20
		a, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, archive, damaged), nil)
		if err != nil {
			t.Fatal(err)
		}
		notices := 0
		dir := t.TempDir()
		res := mustExtract(t, a, dir, Options{Special: true, Notice: func(error) { notices++ }})
		wantProblems(t, res, nil)
		if notices != 1 || len(tartest.Found(t, dir)) != int(res.Entries) {
			t.Errorf("byte %d: %d notices, %+v", at, notices, res)
		}
		a.Close()
	}
}

// A sidecar that lies, with a trailer that vouches for it, leads nowhere outside of the target.
func TestExtractHostileSidecar(t *testing.T) {
	for _, c := range []struct{ old, new string }{
		{"aa/bbbbbbb", "../outside"}, {"aa/bbbbbbb", "/tmp/evilx"}, {"aa/bbbbbbb", "aa/../../x"},
		{"aa/bbbbbbb", "aa//bbbbbb"},
		{"aa/bbbbbbb", "aa/bbb\x00bbb"}, {"cccc", "../x"}, {"cccc", "aa/b"}, {"aa", ".."},
	} {
		archive := tartest.ForgeRight(t, tartest.AFile("dddd", "d"),
			tartest.AGroup(tartest.DirHeader("aa")), tartest.AFile("aa/bbbbbbb", "evil"),
			tartest.AFile("cccc", "evil"))
		side := tartest.IndexOf(t, archive)
		changed := bytes.Replace(side, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(changed, side) {
			t.Fatalf("no %q in the sidecar", c.old)
		}
		tartest.Vouch(archive, changed)
		a, err := tarpack.Open(context.Background(), tartest.WriteArchive(t, archive, changed),
			&tarpack.OpenOptions{RequireSidecar: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, paths := range [][]string{nil, {"", "dddd"}} {
			base := t.TempDir()
			target := filepath.Join(base, "target")
			_, err := Extract(context.Background(), a, target, Options{Paths: paths})
			t.Logf("%q for %q, %q: %v", c.new, c.old, paths, err)
			list, err := os.ReadDir(base)
			if err != nil || len(list) > 1 {
				t.Errorf("%q for %q: %v, %v", c.new, c.old, list, err)
			}
		}
		a.Close()
	}
}

// When the context ends, no half of a file is left.
func TestExtractCanceled(t *testing.T) {
	a := tartest.OpenForged(t, tartest.AStored("big", tartest.Noise("b", 64<<20)),
		tartest.AFile("f", "x"))
	stop := errors.New("stop")
	for range 5 {
		ctx, cancel := context.WithCancelCause(context.Background())
		dir := t.TempDir()
		go func() {
			for {
				if fi, err := os.Stat(filepath.Join(dir, "big")); err == nil && fi.Size() > 0 {
					cancel(stop)
					return
				}
				if ctx.Err() != nil {
					return
				}
			}
		}()
		_, err := Extract(ctx, a, dir, Options{Workers: 1})
		cancel(nil)
		if err == nil {
			continue // too late
		}
		if !errors.Is(err, stop) {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "big")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("half of a file is left: %v", err)
		}
	}
}

// Trees deeper than a path may be long are extracted.
func TestExtractDeep(t *testing.T) {
	var parts []tartest.ForgedPart
	path := ""
	for range 60 {
		path = strings.TrimPrefix(path+"/"+strings.Repeat("d", 200), "/")
		parts = append(parts, tartest.AGroup(tartest.DirHeader(path)))
	}
	a := tartest.OpenForged(t, append(parts, tartest.AFile(path+"/f", "deep"))...)
	dir := t.TempDir()
	t.Cleanup(func() { removeDeep(dir) })
	res, err := Extract(context.Background(), a, dir, Options{})
	if err != nil || res.Failed != 0 || res.Entries != 61 {
		t.Errorf("%+v, %v", res, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if b, err := root.ReadFile(path + "/f"); err != nil || string(b) != "deep" {
		t.Error(b, err)
	}
}

// removeDeep removes what os.RemoveAll may not reach.
func removeDeep(dir string) {
	if root, err := os.OpenRoot(dir); err == nil {
		root.RemoveAll(strings.Repeat("d", 200))
		root.Close()
	}
}

// Where files can share blocks they do; where they cannot after all, a hard link is inflated like
// any file.
func TestExtractClone(t *testing.T) {
	dup, small := tartest.HardlinkHeader("a/dup", "big"), tartest.HardlinkHeader("small", "f")
	dup.Mode, small.Mode = 0, 0
	a := tartest.OpenForged(t, tartest.AFile("f", tartest.Text("f", 3000)),
		tartest.AStored("big", tartest.Noise("big", 3<<20)),
		tartest.AFile("g", tartest.Text("g", 5000)),
		tartest.AGroup(tartest.DirHeader("a"), tartest.HardlinkHeader("a/hard", "g"), dup, small))
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	t.Logf("the file system of %s can share blocks: %v", dir, canClone(root))
	for range 2 {
		x := newExtractor(a, root, Options{})
		x.links = linkClone
		if err := x.run(context.Background()); err != nil || x.problems.Count != 0 ||
			x.entries.Load() != int64(a.Index().Len()) {
			t.Errorf("%v, %v, %d entries", err, x.problems.First, x.entries.Load())
		}
		tartest.SameAsFS(t, a, dir)
		for _, name := range []string{"f", "big", "a/dup", "small"} {
			if fi, err := os.Stat(filepath.Join(dir, name)); err != nil ||
				durable.StatOf(fi).Nlink != 1 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
