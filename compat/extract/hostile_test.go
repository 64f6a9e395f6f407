package extract

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A hostile archive tries to make tpk write elsewhere, or means different things to different
// readers.
type hostile struct {
	name  string
	items []forge.Item
	says  string // part of the error
}

func file(path, content string) forge.Item {
	return forge.Item{Path: path, Type: forge.File, Mode: 0o644, Content: []byte(content)}
}

func dir(path string) forge.Item {
	return forge.Item{Path: path, Type: forge.Dir, Mode: 0o755}
}

func symlink(path, target string) forge.Item {
	return forge.Item{Path: path, Type: forge.Symlink, Mode: 0o777, Link: target}
}

func hardlink(path, target string) forge.Item {
	return forge.Item{Path: path, Type: forge.Hardlink, Mode: 0o644, Link: target}
}

// hostiles returns archives that break a rule of FORMAT.md 1.1. tpk must refuse each as a whole,
// with and without its sidecar.
func hostiles() []hostile {
	var long []forge.Item
	p := ""
	for i := range 70 {
		p = strings.TrimPrefix(p+"/"+fmt.Sprintf("%03d", i)+strings.Repeat("d", 245), "/")
		long = append(long, dir(p))
	}
	return []hostile{
		{"dot-dot", []forge.Item{file("ok", "ok"), file("../outside/evil", "evil")}, "../outside/evil"},
		{"dot-dot inside", []forge.Item{dir("a"), file("a/../../outside/evil", "evil")},
			"a/../../outside/evil"},
		{"dot-dot directory", []forge.Item{dir(".."), dir("../outside"), file("../outside/evil", "evil")},
			".."},
		{"dot-dot at the end", []forge.Item{dir("a"), dir("a/..")}, "a/.."},
		{"absolute", []forge.Item{file("/tmp/compat-evil", "evil")}, "/tmp/compat-evil"},
		{"absolute directory", []forge.Item{dir("/tmp"), file("/tmp/compat-evil", "evil")}, "/tmp"},
		{"dot", []forge.Item{dir("."), file("./evil", "evil")}, "."},
		{"dot inside", []forge.Item{dir("a"), file("a/./evil", "evil")}, "a/./evil"},
		{"double slash", []forge.Item{dir("a"), file("a//evil", "evil")}, "a//evil"},
		{"slash at the end", []forge.Item{file("evil/", "evil")}, "evil"},
		{"empty name", []forge.Item{file("", "evil")}, ""},
		{"empty directory name", []forge.Item{dir("")}, ""},
		{"NUL", []forge.Item{{Path: "a\x00b", Type: forge.File, Mode: 0o644, Content: []byte("evil")}},
			""},
		{"long component", []forge.Item{file(strings.Repeat("c", 256), "evil")}, "ccc"},
		{"long path", append(long, file(p+"/evil", "evil")), "ddd"},
		{"twice", []forge.Item{file("a", "one"), file("a", "two")}, "a"},
		{"file and directory", []forge.Item{file("a", "one"), dir("a"), file("a/b", "two")}, "a"},
		{"link and file", []forge.Item{symlink("a", "../outside/evil"), file("a", "evil")}, "a"},
		{"link replaced", []forge.Item{file("a", "one"), hardlink("b", "a"), file("a", "other")}, "a"},
		{"through a link", []forge.Item{symlink("link", "../outside"), file("link/evil", "evil")},
			"link/evil"},
		{"through two links", []forge.Item{symlink("a", "b"), symlink("b", "../outside"), dir("a/c"),
			file("a/c/evil", "evil")}, "a/c"},
		{"through a link that was a directory", []forge.Item{dir("link"), symlink("link", "../outside"),
			file("link/evil", "evil")}, "link"},
		{"through a file", []forge.Item{file("f", "x"), file("f/evil", "evil")}, "f/evil"},
		{"no parent", []forge.Item{file("no/parent", "x")}, "no/parent"},
		{"parent later", []forge.Item{file("d/f", "x"), dir("d")}, "d/f"},
		{"hard link to outside", []forge.Item{hardlink("evil", "../outside/secret")},
			"../outside/secret"},
		{"hard link to the root", []forge.Item{hardlink("evil", "/etc/passwd")}, "/etc/passwd"},
		{"hard link through a link",
			[]forge.Item{symlink("l", "../outside"), hardlink("evil", "l/secret")}, "evil"},
		{"hard link to a link", []forge.Item{symlink("l", "../outside/secret"), hardlink("evil", "l")},
			"evil"},
		{"hard link to a hard link", []forge.Item{file("f", "x"), hardlink("g", "f"),
			hardlink("evil", "g")}, "evil"},
		{"hard link to a directory", []forge.Item{dir("d"), hardlink("evil", "d")}, "evil"},
		{"hard link to itself", []forge.Item{hardlink("evil", "evil")}, "evil"},
		{"hard link forwards", []forge.Item{hardlink("evil", "f"), file("f", "x")}, "evil"},
		{"symbolic link to nothing", []forge.Item{symlink("evil", "")}, "evil"},
		{"long link", []forge.Item{symlink("evil", strings.Repeat("x", 17000))}, "evil"},
	}
}

// A sandbox is a directory to extract into, next to one that must not change.
type sandbox struct {
	base, target string
	outside      trees.Snapshot
}

func newSandbox(t testing.TB) *sandbox {
	t.Helper()
	s := &sandbox{base: tools.Dir(t)}
	s.target = filepath.Join(s.base, "target")
	fixture.WriteTree(t, trees.Tree{trees.File("outside/secret", "secret").Perm(0o600)}, s.base)
	s.outside = fixture.ReadTree(t, s.base)
	return s
}

// untouched fails the test for each change outside of the target.
func (s *sandbox) untouched(t testing.TB) {
	t.Helper()
	inTarget := func(p string, _ trees.State) bool {
		return p == "target" ||
			strings.HasPrefix(p, "target/")
	}
	for _, line := range trees.Diff(s.outside, fixture.ReadTree(t, s.base).Without(inTarget),
		trees.Rules{}) {
		t.Error("outside of the target: ", line)
	}
	if _, err := os.Lstat("/tmp/compat-evil"); err == nil {
		t.Error("/tmp/compat-evil was written")
		os.Remove("/tmp/compat-evil")
	}
}

// TestHostile extracts hostile archives, with a sidecar that agrees with them and without one.
func TestHostile(t *testing.T) {
	for _, h := range hostiles() {
		t.Run(h.name, func(t *testing.T) {
			a, side := forge.Build(h.items...)
			for _, with := range []string{"sidecar", "none"} {
				s := newSandbox(t)
				archive := filepath.Join(tools.Dir(t), "hostile.tar.gz")
				fixture.WriteFiles(t, map[string][]byte{archive: a})
				if with == "sidecar" {
					fixture.WriteFiles(t, map[string][]byte{archive + ".tpi": side})
				}
				for _, args := range [][]string{{"extract", "-C", s.target, archive},
					{"extract", "--hard-links", "-C", s.target, archive},
					{"extract", "--strip-components", "1", "-C", s.target, archive},
					{"extract", "-k", "--same-owner", "--exclude", "ok", "-C", s.target, archive},
					{"verify", archive},
					{"index", archive}} {
					r := fixture.RunLean(t, args...)
					if r.Code != 1 || len(r.Err) == 0 || !strings.Contains(string(r.Err), h.says) {
						t.Errorf("with %s: want exit status 1 and %q: %v", with, h.says, r)
					}
					if strings.Contains(string(r.Err), "goroutine ") {
						t.Errorf("with %s: %v", with, r)
					}
					s.untouched(t)
				}
				// A forged index is not compared with the archive if only a part is extracted.
				for _, args := range [][]string{{"**"}, {"--strip-components", "1", "**"}} {
					args = append([]string{"extract", "-C", s.target, archive}, args...)
					if r := fixture.RunLean(t, args...); r.Code != 0 && r.Code != 1 {
						t.Errorf("with %s: %v", with, r)
					}
					s.untouched(t)
				}
			}
		})
	}
}

// TestHostileSidecar reads sound archives with a false sidecar whose digest is in their trailer.
func TestHostileSidecar(t *testing.T) {
	harmless := file("aa/bbbbbbb/evil", "evil")
	honest := func(it forge.Item) []byte { return forge.HeaderBlocks(it) }
	lie := func(f func(*forge.Record)) []forge.Item {
		items := []forge.Item{dir("d"), file("d/a", "aaaa"), file("d/b", "bb"), hardlink("d/c", "d/a"),
			symlink("d/s", "a")}
		for i := range items {
			items[i].Lies = f
		}
		return items
	}
	lieDir := func(f func(*forge.Record)) []forge.Item {
		return lie(func(r *forge.Record) {
			if r.Kind == byte(forge.Dir) {
				f(r)
			}
		})
	}
	for _, c := range []struct {
		name  string
		items []forge.Item
	}{
		{"path outside", []forge.Item{{Path: "../outside/evil", Type: forge.File, Mode: 0o644,
			Content: []byte("evil"), Blocks: honest(harmless)}}},
		{"absolute path", []forge.Item{{Path: "/tmp/compat-evil", Type: forge.File, Mode: 0o644,
			Content: []byte("evil"), Blocks: honest(harmless)}}},
		{"link outside", []forge.Item{file("a", "x"), {Path: "b", Type: forge.Symlink, Link: "../outside",
			Blocks: honest(dir("b"))}, {Path: "b/evil", Type: forge.File, Content: []byte("evil")}}},
		{"other content", []forge.Item{{Path: "a", Type: forge.File, Mode: 0o644, Content: []byte("evil"),
			Blocks: honest(file("b", "evil"))}}},
		{"hidden entry", []forge.Item{file("a", "x"), {Path: "evil", Type: forge.File, Mode: 0o644,
			Content: []byte("evil"), Hidden: true}}},
		{"offset beyond the end", lie(func(r *forge.Record) { r.Offset = 1 << 40 })},
		{"offset at the end", lie(func(r *forge.Record) { r.Offset += 100_000 })},
		{"huge size", lie(func(r *forge.Record) { r.Size = 1 << 47 })},
		{"large size", lie(func(r *forge.Record) { r.Size += 1 << 30 })},
		{"small size", lie(func(r *forge.Record) { r.Size = min(r.Size, 1) })},
		{"huge content", lie(func(r *forge.Record) { r.ContentLen = 1<<48 - 1 })},
		{"no content", lie(func(r *forge.Record) { r.ContentLen = 0 })},
		{"huge header", lie(func(r *forge.Record) { r.HeaderLen = 65535 })},
		{"other CRC", lie(func(r *forge.Record) { r.Word ^= 1 })},
		{"other hash", lie(func(r *forge.Record) { r.Hash ^= 1 })},
		{"words at the limit", lie(func(r *forge.Record) { r.Word = 1<<32 - 1 })},
		{"all are links", lie(func(r *forge.Record) { r.Kind, r.Word = byte(forge.Hardlink), 3 })},
		{"all are directories", lie(func(r *forge.Record) { r.Kind, r.Word = byte(forge.Dir), 0 })},
		{"all are stored", lie(func(r *forge.Record) { r.Kind |= 3 << 4 })},
		{"all are segmented", lie(func(r *forge.Record) { r.Kind = byte(forge.File) | 3<<4 })},
		{"more bytes below directories", lieDir(func(r *forge.Record) { r.Size++ })},
		{"all bytes below directories", lieDir(func(r *forge.Record) { r.Size = 1<<64 - 1 })},
		{"fewer bytes of members below", lieDir(func(r *forge.Record) { r.ContentLen-- })},
		{"all bytes of members below", lieDir(func(r *forge.Record) { r.Sniff = 0xff })},
		{"more names below directories", lieDir(func(r *forge.Record) { r.Hash++ })},
		{"something after the totals", lieDir(func(r *forge.Record) { r.Hash |= 1 << 32 })},
		{"offset in a set", lie(func(r *forge.Record) { r.Offset |= 1 << 48 })},
		{"type 0", lie(func(r *forge.Record) { r.Kind = 0 })},
		{"type 15", lie(func(r *forge.Record) { r.Kind = 0xff })},
		{"other mode", lie(func(r *forge.Record) { r.Mode = 0o4777 })},
		{"impossible mode", lie(func(r *forge.Record) { r.Mode = 0xffff })},
		{"other time", lie(func(r *forge.Record) { r.Time = 1<<39 - 1 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, side := forge.Build(c.items...)
			archive := filepath.Join(tools.Dir(t), "hostile.tar.gz")
			fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
			s := newSandbox(t)
			for _, args := range [][]string{{"ls", archive}, {"ls", "--json", archive}, {"info", archive},
				{"cat", archive, "d/a"}, {"extract", "-C", s.target, archive}, {"verify", archive}} {
				r := fixture.RunLean(t, args...)
				if r.Code > 1 || r.Code < 0 || strings.Contains(string(r.Err), "goroutine ") {
					t.Error(r)
				}
				if args[0] == "verify" && r.Code != 1 {
					t.Errorf("verify finds nothing: %v", r)
				}
				s.untouched(t)
			}
		})
	}
}

// TestTargets extracts a sound archive into directories that hold traps.
func TestTargets(t *testing.T) {
	archive := filepath.Join(tools.Dir(t), "a.tar.gz")
	a, side := forge.Build(dir("d"), file("d/f", "new"), file("f", "new"), hardlink("h", "f"),
		symlink("l", "f"), dir("e"), file("e/ok", "ok"))
	fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
	for _, c := range []struct {
		name string
		trap trees.Tree
		safe string // a file that must be extracted
	}{
		{"a directory is a link to outside", trees.Tree{trees.Symlink("d", "../outside")}, "e/ok"},
		{"a directory is an absolute link", trees.Tree{trees.Symlink("d", "OUTSIDE")}, "e/ok"},
		{"a file is a link to a file outside", trees.Tree{trees.Symlink("f", "../outside/secret")},
			"e/ok"},
		{"a file is a link to a new file outside", trees.Tree{trees.Symlink("f", "../outside/new")},
			"e/ok"},
		{"a file is a FIFO", trees.Tree{trees.FIFO("f")}, "e/ok"},
		{"a file is a directory", trees.Tree{trees.File("f/full", "x")}, "e/ok"},
		{"a directory is a file", trees.Tree{trees.File("d", "x")}, "e/ok"},
		{"a hard link is a link to outside", trees.Tree{trees.Symlink("h", "../outside/secret")}, "e/ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, flag := range []string{"--hard-links", "--hard-links=false", "--same-owner"} {
				s := newSandbox(t)
				trap := append(trees.Tree(nil), c.trap...)
				for i := range trap {
					if trap[i].Target == "OUTSIDE" {
						trap[i].Target = filepath.Join(s.base, "outside")
					}
				}
				fixture.WriteTree(t, trap, s.target)
				r := fixture.Run(t, "extract", flag, "-C", s.target, archive)
				s.untouched(t)
				if r.Code != 0 && r.Code != 1 || (r.Code == 1) != (len(r.Err) > 0) {
					t.Error(r)
				}
				if b, err := os.ReadFile(filepath.Join(s.target, c.safe)); err != nil || string(b) != "ok" {
					t.Errorf("%s was not extracted (%v): %v", c.safe, err, r)
				}
				if b, err := os.ReadFile(filepath.Join(s.target, "d/f")); r.Code == 0 &&
					(err != nil || string(b) != "new") {
					t.Errorf("exit status 0, and d/f is not there (%v)", err)
				}
			}
		})
	}
}

// TestKept extracts a sound archive into directories that hold traps, and keeps what is there.
func TestKept(t *testing.T) {
	archive := filepath.Join(tools.Dir(t), "a.tar.gz")
	a, side := forge.Build(dir("d"), file("d/f", "new"), file("f", "new"), hardlink("h", "f"),
		symlink("l", "f"))
	fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
	for _, flag := range []string{"--hard-links", "--hard-links=false"} {
		s := newSandbox(t)
		traps := trees.Tree{trees.Symlink("d", "../outside"), trees.Symlink("f", "../outside/secret"),
			trees.Symlink("h", "../outside/new"), trees.Symlink("l", "../outside")}
		fixture.WriteTree(t, traps, s.target)
		before := fixture.ReadTree(t, s.target)
		r := fixture.Run(t, "extract", "-k", flag, "-C", s.target, archive)
		s.untouched(t)
		if r.Code != 1 {
			t.Error(r)
		}
		for _, line := range trees.Diff(before, fixture.ReadTree(t, s.target), trees.Rules{}) {
			t.Error("with ", flag, ": ", line)
		}
	}
}

// TestStripped extracts archives that are sound, and that would lead outside if two paths that are
// the same without their first component were taken one after the other.
func TestStripped(t *testing.T) {
	evil := "evil"
	for name, items := range map[string][]forge.Item{
		"a link, then a directory": {dir("a"), symlink("a/l", "../outside"),
			dir("b"), dir("b/l"), file("b/l/evil", evil), file("b/l/secret", evil)},
		"a directory, then a link": {dir("a"), dir("a/l"), file("a/l/f", "x"),
			dir("b"), symlink("b/l", "../outside"), dir("c"), dir("c/l"), file("c/l/evil", evil)},
		"a link, then a file": {dir("a"), symlink("a/secret", "../outside/secret"),
			dir("b"), file("b/secret", evil)},
		"a link, then a hard link": {dir("a"), symlink("a/l", "../outside/secret"),
			dir("b"), file("b/f", evil), hardlink("b/l", "b/f")},
		"a hard link to a file that is left out": {file("f", evil), dir("a"),
			symlink("a/f", "../outside/secret"), dir("b"), hardlink("b/x", "f")},
		"a hard link below a link": {dir("a"), symlink("a/l", "../outside"),
			dir("b"), dir("b/l"), file("b/l/secret", evil), hardlink("b/y", "b/l/secret")},
	} {
		t.Run(name, func(t *testing.T) {
			a, side := forge.Build(items...)
			archive := filepath.Join(tools.Dir(t), "a.tar.gz")
			fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
			for _, args := range [][]string{
				{}, {"--hard-links"}, {"--same-owner", "--special"}, {"-k"}, {"--exclude", "secret"},
				{archive, "**"}, {archive, "a", "*l/*", "b/*", "c/l/evil"},
			} {
				s := newSandbox(t)
				if len(args) == 0 || args[0] != archive {
					args = append(args, archive)
				}
				for range 2 { // the second time onto what is there
					all := append([]string{"extract", "--strip-components=1", "-C", s.target}, args...)
					if r := fixture.Run(t, all...); r.Code != 0 && r.Code != 1 {
						t.Error(r)
					}
					s.untouched(t)
				}
			}
		})
	}
}

// TestTwoArchives extracts an archive that makes a link to a directory outside, then one that
// writes through this link.
func TestTwoArchives(t *testing.T) {
	s := newSandbox(t)
	for i, items := range [][]forge.Item{{symlink("d", "../outside")},
		{dir("d"), file("d/evil", "evil"), file("d/secret", "evil")}} {
		archive := filepath.Join(tools.Dir(t), fmt.Sprint(i, ".tar.gz"))
		a, side := forge.Build(items...)
		fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
		r := fixture.Run(t, "extract", "-C", s.target, archive)
		if i == 0 && r.Code != 0 {
			t.Fatal(r)
		}
		s.untouched(t)
	}
}

// TestRace extracts while a directory of the target is repeatedly exchanged for a link to outside.
func TestRace(t *testing.T) {
	s := newSandbox(t)
	items := []forge.Item{dir("d")}
	for i := range 2000 {
		items = append(items, file(fmt.Sprint("d/", i), "evil"))
	}
	archive := filepath.Join(tools.Dir(t), "a.tar.gz")
	a, side := forge.Build(items...)
	fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		d, kept := filepath.Join(s.target, "d"), filepath.Join(s.target, "kept")
		for {
			select {
			case <-stop:
				return
			default:
			}
			if os.Rename(d, kept) == nil {
				os.Symlink("../outside", d) // fails if tpk is faster
				os.Remove(d)
				os.Rename(kept, d)
			}
		}
	}()
	deadline := time.Now().Add(2 * time.Second)
	for range 20 {
		if r := fixture.Run(t, "extract", "-C", s.target, archive); r.Code > 1 ||
			time.Now().After(deadline) {
			break
		}
	}
	close(stop)
	<-stopped
	s.untouched(t)
}

// TestSpecialExtracted checks that devices and FIFOs are extracted or named in a message.
func TestSpecialExtracted(t *testing.T) {
	tools.Root(t)
	s := newSandbox(t)
	archive := filepath.Join(tools.Dir(t), "a.tar.gz")
	a, side := forge.Build(file("f", "x"), forge.Item{Path: "null", Type: forge.Char, Mode: 0o666,
		Major: 1, Minor: 3},
		forge.Item{Path: "disk", Type: forge.Block, Mode: 0o666, Major: 8},
		forge.Item{Path: "fifo", Type: forge.FIFO, Mode: 0o644})
	fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": side})
	r := fixture.Run(t, "extract", "-C", s.target, archive)
	got := fixture.ReadTree(t, s.target)
	t.Logf("exit %d: %s%v", r.Code, r.Err, got.Paths())
	if _, ok := got["f"]; !ok {
		t.Error("the file beside them is not extracted")
	}
	for _, p := range []string{"null", "disk", "fifo"} {
		if _, ok := got[p]; !ok && !bytes.Contains(r.Err, []byte(p)) {
			t.Errorf("%s is left out without a warning", p)
		}
	}
}

// TestDamaged flips bytes of an archive and its sidecar, and truncates both. No reading command may
// crash, and verify must notice each damage.
func TestDamaged(t *testing.T) {
	base := tools.Dir(t)
	fixture.WriteTree(t, trees.Tree{trees.Text("text", 3000), trees.Noise("noise", 2000),
		trees.Text("big", 1<<20+9), trees.File("dup", "x"), trees.File("d/dup", "x"),
		trees.Symlink("l", "text")},
		filepath.Join(base, "tree"))
	archive := filepath.Join(base, "a.tar.gz")
	fixture.Pack(t, filepath.Join(base, "tree"), archive)
	good := fixture.ReadPair(t, archive)
	damage := func(what string, a, s []byte) {
		t.Helper()
		fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": s})
		x := filepath.Join(base, "x")
		for _, args := range [][]string{{"verify", archive}, {"ls", archive},
			{"extract", "-C", x, archive}, {"cat", archive, "text"}} {
			r := fixture.Run(t, args...)
			if r.Code > 1 || r.Code < 0 || bytes.Contains(r.Err, []byte("goroutine ")) || r.Code == 1 &&
				len(r.Err) == 0 {
				t.Errorf("%s: %v", what, r)
			}
			if args[0] == "verify" && r.Code != 1 {
				t.Errorf("%s: verify finds nothing", what)
			}
		}
		if err := os.RemoveAll(x); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte, at int) []byte {
		c := append([]byte(nil), b...)
		c[at] ^= 0x10
		return c
	}
	for i := range 25 {
		at := i * len(good.Archive) / 25
		damage(fmt.Sprint("archive, byte ", at), flip(good.Archive, at), good.Sidecar)
		at = i * len(good.Sidecar) / 25
		damage(fmt.Sprint("sidecar, byte ", at), good.Archive, flip(good.Sidecar, at))
	}
	for _, n := range []int{0, 1, 63, 64, 65, 1000, len(good.Archive) - 1, len(good.Archive) - 64} {
		damage(fmt.Sprint("archive, ", n, " bytes left"), good.Archive[:n], good.Sidecar)
	}
	for _, n := range []int{0, 1, 511, 512, len(good.Sidecar) - 1} {
		damage(fmt.Sprint("sidecar, ", n, " bytes left"), good.Archive, good.Sidecar[:n])
	}
	damage("something after the end", append(append([]byte(nil), good.Archive...), 0), good.Sidecar)
	damage("two archives", append(append([]byte(nil), good.Archive...), good.Archive...), good.Sidecar)
}
