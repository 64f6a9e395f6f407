//go:build unix

package attributes

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestModeAsChmod compares ParseMode with the chmod of this machine, for files and directories of
// various modes, and for random expressions.
func TestModeAsChmod(t *testing.T) {
	chmod, err := exec.LookPath("chmod")
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"0", "644", "0644", "00644", "755", "7777", "u=rwX,go=rX", "a+x", "+w", "=r", "-rw", "u+s",
		"g-s", "=", "u=g", "go=u-w", "ug+rw-x", "+t", "o=", "u=rws,g=s", "X", "a=X", "a-X", "+644",
		"-7", "=0755", "u=", "g=o,o=u", "78", "u", "8", "10000", "u+644", "rw", "", "u=rz", "u=r,",
		",u=r", "u=ug", "g+u+x", "a=rwx,o-wx,+s", "00", "u+r=w",
	}
	r := rand.New(rand.NewPCG(14, 5))
	pick := func(of string, most int) (s string) {
		for range r.IntN(most + 1) {
			s += string(of[r.IntN(len(of))])
		}
		return s
	}
	for range 60 {
		var clauses []string
		for range 1 + r.IntN(3) {
			c := pick("ugoa", 2)
			for range 1 + r.IntN(2) {
				c += string("+-="[r.IntN(3)]) + pick("rwxXst", 3)
			}
			clauses = append(clauses, c)
		}
		texts = append(texts, strings.Join(clauses, ","))
	}
	for _, text := range texts {
		m, err := ParseMode(text, 0o027)
		want, ok := byChmod(t, chmod, text)
		if ok != (err == nil) {
			t.Errorf("%q: %v, but chmod accepts it: %v", text, err, ok)
		}
		for i, was := range modes {
			if ok && m.Apply(was, false) != want[2*i] || ok && m.Apply(was, true) != want[2*i+1] {
				t.Errorf("%q of %o: file %o, directory %o, want %o",
					text, was, m.Apply(was, false), m.Apply(was, true), want[2*i:2*i+2])
			}
		}
	}
	if (*Mode)(nil).Apply(0o4755, false) != 0o4755 {
		t.Error("nil changes a mode")
	}
}

var modes = []uint16{0, 0o640, 0o755, 0o4751, 0o2770, 0o1777, 0o001}

// byChmod returns what chmod makes of each of the modes, of a file and of a directory, and whether
// it accepts the text.
func byChmod(t *testing.T, chmod, text string) (got []uint16, ok bool) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-c", `umask 027 && exec "$@"`, "sh", chmod, "--", text}
	var names []string
	for i, was := range modes {
		for _, create := range []func(string) error{
			func(name string) error { return os.WriteFile(name, nil, 0o600) },
			func(name string) error { return os.Mkdir(name, 0o700) },
		} {
			name := filepath.Join(dir, fmt.Sprint(i, len(names)))
			if err := errors.Join(create(name), unix.Chmod(name, uint32(was))); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	if err := exec.Command("sh", append(args, names...)...).Run(); err != nil {
		return nil, false
	}
	for _, name := range names {
		var st unix.Stat_t
		if err := unix.Stat(name, &st); err != nil {
			t.Fatal(err)
		}
		got = append(got, uint16(st.Mode&0o7777))
	}
	return got, true
}
