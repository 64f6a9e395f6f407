//go:build linux

package extract

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"golang.org/x/sys/unix"
)

// mkdirs makes a chain of n directories with one name below dir, of any length, and a file at the
// bottom.
func mkdirs(t *testing.T, dir, name string, n int) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	for range n {
		if err == nil {
			err = unix.Mkdirat(fd, name, 0o755)
		}
		if err == nil {
			var next int
			next, err = unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
			unix.Close(fd)
			fd = next
		}
	}
	if err == nil {
		var f int
		f, err = unix.Openat(fd, "f", unix.O_CREAT|unix.O_WRONLY, 0o644)
		unix.Write(f, []byte("bottom")) // six bytes are never cut short
		unix.Close(f)
		unix.Close(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeep packs, lists and extracts paths longer than PATH_MAX, in trees with more levels than
// files may be open. Paths over the limit of the format must be refused by name.
func TestDeep(t *testing.T) {
	for _, c := range []struct {
		name  string
		comp  string
		n     int
		ok    bool
		limit string // of open files
	}{
		{"5,000 bytes", strings.Repeat("d", 249), 20, true, "256"},
		{"16,384 bytes", strings.Repeat("d", 253), 64, true, "256"},
		{"over 16,384 bytes", strings.Repeat("d", 255), 65, false, "256"},
		{"1,500 levels", "d", 1500, true, "1024:4096"},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := tools.Dir(t)
			mkdirs(t, base, c.comp, c.n)
			archive := filepath.Join(tools.Dir(t), "a.tar.gz")
			limited := func(args ...string) *exec.Cmd {
				return exec.Command(tools.Path(t, "prlimit"),
					append([]string{"--nofile=" + c.limit, tools.TPK(t)}, args...)...)
			}
			r := tools.Run(t, limited("pack", base, archive))
			if !c.ok {
				fixture.Failed(t, r, "ddd")
				return
			}
			if r.Code != 0 {
				t.Fatal(r)
			}
			bottom := strings.Repeat(c.comp+"/", c.n) + "f"
			if out := tools.Must(t, exec.Command(tools.TPK(t), "cat", archive,
				bottom)); string(out) != "bottom" {
				t.Errorf("at the bottom is %q", out)
			}
			if out := tools.Must(t, exec.Command(tools.TPK(t), "verify", archive)); len(out) > 0 &&
				bytes.Contains(out, []byte("bad")) {
				t.Errorf("%s", out)
			}
			x := tools.Dir(t)
			if r := tools.Run(t, limited("extract", "-C", x, archive)); r.Code != 0 {
				t.Error(r)
			}
			again := filepath.Join(tools.Dir(t), "again.tar.gz")
			if r := tools.Run(t, limited("pack", x, again)); r.Code != 0 {
				t.Error(r)
			}
			a, b := fixture.ReadPair(t, archive), fixture.ReadPair(t, again)
			if !bytes.Equal(a.Archive, b.Archive) {
				t.Error("what was extracted is not what was packed")
			}
		})
	}
}
