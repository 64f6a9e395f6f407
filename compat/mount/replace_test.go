//go:build unix

package mount

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// version returns the content of a file in a version of the tree: each line has the number.
func version(v, lines int) string { return strings.Repeat(fmt.Sprintf("version %06d\n", v), lines) }

// versions has the archives of two trees, which take turns.
type versions struct {
	base, archive string
	n             int
}

const (
	smallLines = 100
	bigLines   = 100_000 // 1.5 MB, in two segments
)

// next packs the next version and renames it to the archive's name.
func (v *versions) next(t *testing.T) {
	t.Helper()
	v.n++
	dir := filepath.Join(v.base, "tree")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		write(t, filepath.Join(dir, fmt.Sprintf("d%d/small", i)), version(v.n, smallLines))
	}
	write(t, filepath.Join(dir, "big"), version(v.n, bigLines))
	write(t, filepath.Join(dir, fmt.Sprintf("only%d", v.n)), "")
	fixture.Pack(t, dir, v.archive)
}

// sameVersion returns the number of the version that all lines of a content have.
func sameVersion(content string, lines int) (v int, err error) {
	if _, err := fmt.Sscanf(content, "version %d\n", &v); err != nil {
		return 0, err
	}
	if content != version(v, lines) {
		return 0, fmt.Errorf("%d bytes, not all of version %d", len(content), v)
	}
	return v, nil
}

// TestReplace reads in parallel while the archive is replaced again and again. What is read is
// always of one version, which never goes back, and a file that is open stays what it is.
func TestReplace(t *testing.T) {
	testReplace(t, func(n int) bool { return n < 4 })
}

func testReplace(t *testing.T, more func(replaced int) bool) {
	base := tools.Dir(t)
	v := &versions{base: base, archive: filepath.Join(base, "a.tar.gz")}
	v.next(t)
	m := mount(t, "--replace", v.archive)
	var stop atomic.Bool
	var group sync.WaitGroup
	for k := range 4 {
		group.Go(func() {
			last := 0
			for n := 0; !stop.Load(); n++ {
				name, lines := fmt.Sprintf("d%d/small", (n+k)%20), smallLines
				if n%10 == k {
					name, lines = "big", bigLines
				}
				got, err := readSlowly(m.path(name))
				now := 0
				if err == nil {
					now, err = sameVersion(got, lines)
				}
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				if name == "big" { // the kernel may know an older version of other names for a second
					if now < last {
						t.Errorf("%s: version %d after %d", name, now, last)
					}
					last = now
				}
				if list, err := os.ReadDir(m.dir); err != nil || len(list) != 22 {
					t.Errorf("%d names, %v", len(list), err)
					return
				}
			}
		})
	}
	for n := 0; more(n); n++ {
		f, err := os.Open(m.path("big"))
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 1000)
		if _, err := io.ReadFull(f, head); err != nil {
			t.Fatal(err)
		}
		v.next(t)
		waitFor(t, func() bool {
			_, err := os.Stat(m.path(fmt.Sprintf("only%d", v.n)))
			return err == nil
		})
		rest, err := io.ReadAll(f)
		if err == nil {
			_, err = sameVersion(string(head)+string(rest), bigLines)
		}
		if err != nil {
			t.Errorf("a file that was open: %v", err)
		}
		f.Close()
	}
	stop.Store(true)
	group.Wait()
	m.smallAfter(t, v)
	for line := range strings.Lines(readFile(t, m.log)) {
		if !strings.Contains(line, "a new version is mounted") &&
			!strings.Contains(line, "mounted as before") {
			t.Errorf("the log: %s", line)
		}
	}
}

// smallAfter checks that a mount whose archive was replaced has let go of the versions before, and
// has little memory.
func (m mounted) smallAfter(t *testing.T, v *versions) {
	t.Helper()
	process := fmt.Sprintf("/proc/%d", m.process(t))
	waitFor(t, func() bool {
		fds, err := filepath.Glob(process + "/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, fd := range fds {
			if name, _ := os.Readlink(fd); strings.HasPrefix(name, v.archive) { // it may be closed now
				open++
			}
		}
		return open <= 2 && // the archive, and its index
			!strings.Contains(readFile(t, process+"/maps"), v.archive+".tpi (deleted)")
	})
	_, peak, _ := strings.Cut(readFile(t, process+"/status"), "VmHWM:")
	kib := 0
	if _, err := fmt.Sscan(peak, &kib); err != nil || kib > 64<<10 {
		t.Errorf("it had %d KiB of memory, %v", kib, err)
	}
}

// readSlowly reads a file in steps.
func readSlowly(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var b strings.Builder
	_, err = io.CopyBuffer(&b, struct{ io.Reader }{f}, make([]byte, 50_000))
	return b.String(), err
}

// TestReplaceDirectory: in a directory that is a program's current one, the new version is seen. A
// directory that is gone is empty of names.
func TestReplaceDirectory(t *testing.T) {
	base := tools.Dir(t)
	v := &versions{base: base, archive: filepath.Join(base, "a.tar.gz")}
	v.next(t)
	m := mount(t, "--replace", v.archive)
	d, err := os.Open(m.path("d3"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	within := fmt.Sprintf("/proc/self/fd/%d", d.Fd())
	v.next(t)
	waitFor(t, func() bool {
		got, err := os.ReadFile(filepath.Join(within, "small"))
		if err != nil {
			t.Fatal(err)
		}
		return string(got) == version(2, smallLines)
	})
	if err := os.WriteFile(v.archive, []byte("no archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Contains(readFile(t, m.log), "still mounted as before") })
	if _, err := os.ReadDir(m.dir); err != nil {
		t.Error(err)
	}
}

// TestReplaceConverted: the new version of a tar that was made by another program is shown, too.
func TestReplaceConverted(t *testing.T) {
	tar := tools.Path(t, "tar")
	base := tools.Dir(t)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(base, "cache"))
	name := filepath.Join(base, "a.tar.gz")
	pack := func(text string) {
		t.Helper()
		write(t, filepath.Join(base, "tree/f"), text)
		tools.Must(t, exec.Command(tar, "czf", name+".new", "-C", filepath.Join(base, "tree"), "."))
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	pack("first")
	m := mount(t, "--replace", name)
	if got := readFile(t, m.path("f")); got != "first" {
		t.Errorf("%q", got)
	}
	pack("the second")
	waitFor(t, func() bool { return readFile(t, m.path("f")) == "the second" })
}
