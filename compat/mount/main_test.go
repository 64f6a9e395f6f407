//go:build unix

package mount

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }

// canMount skips the test unless it may mount. A kernel without FUSE is not a program that the
// scripts could install, so it does not fail the test with COMPAT=require; .ci/run says that it is
// missing.
func canMount(t testing.TB) {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil || runtime.GOOS != "linux" {
		t.Skip("this kernel has no /dev/fuse")
	}
	tools.Root(t)
}

// A mounted is a mount in the background.
type mounted struct {
	dir string
	log string
}

// mount mounts archives until the end of the test. The arguments are flags and archives.
func mount(t testing.TB, args ...string) mounted {
	t.Helper()
	canMount(t)
	base := tools.Dir(t)
	m := mounted{filepath.Join(base, "mnt"), filepath.Join(base, "log")}
	if err := os.Mkdir(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := tools.Run(t, exec.Command(tools.TPK(t),
		slices.Concat([]string{"mount", "-q", "--log", m.log}, args, []string{m.dir})...))
	if r.Code != 0 || len(r.Out)+len(r.Err) > 0 {
		t.Fatal(r)
	}
	t.Cleanup(func() {
		if !strings.Contains(readFile(t, "/proc/self/mountinfo"), " "+m.dir+" ") {
			return
		}
		if r := fixture.Run(t, "umount", m.dir); r.Code != 0 || len(r.Out)+len(r.Err) > 0 {
			t.Error(r)
		}
	})
	return m
}

// path returns the path of a file in the mount.
func (m mounted) path(name string) string { return filepath.Join(m.dir, name) }

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// quiet checks that the log of a mount is empty.
func (m mounted) quiet(t testing.TB) {
	t.Helper()
	if log := readFile(t, m.log); log != "" {
		t.Errorf("the log: %s", log)
	}
}

// write writes a file and its directory.
func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
