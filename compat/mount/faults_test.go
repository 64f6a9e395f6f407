//go:build unix

package mount

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// packFiles packs files and returns the archive's name.
func packFiles(t testing.TB, files map[string]string) string {
	t.Helper()
	base := tools.Dir(t)
	dir := filepath.Join(base, "tree")
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	archive := filepath.Join(base, "a.tar.gz")
	fixture.Pack(t, dir, archive)
	return archive
}

// noise returns bytes that deflate does not shrink.
func noise(n int) string {
	var b bytes.Buffer
	for x := uint64(1); b.Len() < n; x = x*6364136223846793005 + 1442695040888963407 {
		b.WriteByte(byte(x >> 56))
	}
	return b.String()
}

// TestDamaged: each file that is damaged can't be read to its end, in whatever steps, and each is
// one line in the log. Other files can be read.
func TestDamaged(t *testing.T) {
	canMount(t)
	files := map[string]string{
		"small": strings.Repeat("small ", 500), "stored": noise(300_000),
		"big": noise(3<<20 + 5), "segments": strings.Repeat("segments of a file ", 200_000),
		"good": "good",
	}
	archive := packFiles(t, files)
	a, err := tarpack.Open(t.Context(), archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	damaged := 0
	for name := range files {
		i, _, err := a.Index().Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.Content(i)
		if err != nil {
			t.Fatal(err)
		}
		if name != "good" {
			invert(t, archive, c.Offset+c.Length/2)
			damaged++
		}
	}
	for _, step := range []int{4096, 100_000, 8 << 20} {
		m := mount(t, archive)
		for name, want := range files {
			f, err := os.Open(m.path(name))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{f}, make([]byte, step))
				if name == "good" && err != nil || name != "good" && !errors.Is(err, syscall.EIO) {
					t.Errorf("%s in steps of %d: %d of %d bytes, %v", name, step, n, len(want), err)
				}
				if _, err := f.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
			}
			f.Close()
		}
		log := readFile(t, m.log)
		if strings.Count(log, "\n") != damaged {
			t.Errorf("in steps of %d: the log: %s", step, log)
		}
		for name := range files {
			if strings.Contains(log, ": "+name+": ") != (name != "good") {
				t.Errorf("%s in the log:\n%s", name, log)
			}
		}
	}
}

// invert changes a byte of a file.
func invert(t testing.TB, name string, off int64) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0xff
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// TestWrittenOver: files of an archive that is written over, and of one that is cut off, can't be
// read. Nothing else is returned for them.
func TestWrittenOver(t *testing.T) {
	archive := packFiles(t, map[string]string{"a": noise(500_000), "b": noise(200_000)})
	m := mount(t, archive)
	if got := readFile(t, m.path("a")); got != noise(500_000) {
		t.Fatal("other bytes")
	}
	b, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(archive, b, 0o644); err != nil { // the same bytes, but that can't be known
		t.Fatal(err)
	}
	if _, err := os.ReadFile(m.path("b")); !errors.Is(err, syscall.EIO) {
		t.Errorf("after it was written over: %v", err)
	}
	for _, name := range []string{archive, archive + format.SidecarSuffix} {
		if err := os.Truncate(name, 10); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.ReadFile(m.path("b")); !errors.Is(err, syscall.EIO) {
		t.Errorf("after it was cut off: %v", err)
	}
	_, _ = os.Stat(m.path("c")) // it must not end the process
	if _, err := os.Stat(m.dir); err != nil {
		t.Error(err)
	}
	if log := readFile(t, m.log); !strings.Contains(log, "changed") {
		t.Errorf("the log: %s", log)
	}
}

// process returns the id of the process of a mount.
func (m mounted) process(t *testing.T) int {
	t.Helper()
	list, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		b, _ := os.ReadFile(name) // it may have ended
		if bytes.Contains(b, []byte("mount\x00")) && bytes.Contains(b, []byte("\x00"+m.dir+"\x00")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("there is no process")
	return 0
}

// isMounted reports whether something is mounted on the directory.
func (m mounted) isMounted(t *testing.T) bool {
	t.Helper()
	return strings.Contains(readFile(t, "/proc/self/mountinfo"), " "+m.dir+" ")
}

// TestKilled: umount cleans up after a process that was killed, once.
func TestKilled(t *testing.T) {
	m := mount(t, packFiles(t, map[string]string{"a": "a"}))
	pid := m.process(t)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		_, err := os.Stat(m.path("a"))
		return errors.Is(err, syscall.ENOTCONN)
	})
	archive := packFiles(t, map[string]string{"b": "b"})
	fixture.Failed(t, fixture.Run(t, "mount", archive, m.dir), m.dir, "tpk umount")
	if r := fixture.Run(t, "umount", m.dir); r.Code != 0 || len(r.Out)+len(r.Err) > 0 {
		t.Error(r)
	}
	if m.isMounted(t) {
		t.Error("still mounted")
	}
	fixture.Failed(t, fixture.Run(t, "umount", m.dir), m.dir, "no archive is mounted there")
	if list, err := os.ReadDir(m.dir); err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}

// waitFor waits until something has happened, which the test has caused.
func waitFor(t testing.TB, happened func() bool) {
	t.Helper()
	for until := time.Now().Add(tools.Timeout); !happened(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it does not happen")
		}
	}
}

// TestSignal: SIGTERM unmounts, also what is in use, and the process ends.
func TestSignal(t *testing.T) {
	for _, used := range []bool{false, true} {
		m := mount(t, packFiles(t, map[string]string{"a": "a"}))
		pid := m.process(t)
		if used {
			f, err := os.Open(m.path("a"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
		}
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return !m.isMounted(t) })
		if !used {
			waitFor(t, func() bool { return syscall.Kill(pid, 0) != nil })
		}
	}
}

// TestInUse: umount leaves alone what a program uses, and says how to find it. The mount goes on.
func TestInUse(t *testing.T) {
	m := mount(t, packFiles(t, map[string]string{"a": "a"}))
	f, err := os.Open(m.path("a"))
	if err != nil {
		t.Fatal(err)
	}
	fixture.Failed(t, fixture.Run(t, "umount", m.dir), m.dir, "in use", "fuser -vm")
	if got := readFile(t, m.path("a")); got != "a" {
		t.Errorf("%q", got)
	}
	f.Close()
	if r := fixture.Run(t, "umount", m.dir); r.Code != 0 {
		t.Error(r)
	}
}

// TestRefused: each mistake is one line, and nothing is mounted.
func TestRefused(t *testing.T) {
	canMount(t)
	archive := packFiles(t, map[string]string{"d/a": "a"})
	dir := tools.Dir(t)
	m := mounted{dir: dir}
	for _, c := range []struct {
		code  int
		args  []string
		words string
	}{
		{1, []string{archive + ".none", dir}, "no such file"},
		{1, []string{archive, dir + "/none"}, "no such file"},
		{1, []string{archive, archive}, "not a directory"},
		{1, []string{archive + ":none", dir}, "no such entry"},
		{1, []string{archive + ":d/a", dir}, "not a directory"},
		{1, []string{"/dev/null", dir}, "not a tpk archive"},
		{1, []string{"--log", dir + "/none/log", archive, dir}, "there is no directory"},
		{2, []string{archive}, "too few arguments"},
		{2, []string{"-o", "rw", archive, dir}, "only read"},
		{2, []string{"-o", "ro,exec", archive, dir}, "allow_other"},
		{2, []string{"--log", "", archive, dir}, "needs a value"},
	} {
		r := fixture.Run(t, append([]string{"mount"}, c.args...)...)
		if r.Code != c.code || bytes.Count(r.Err, []byte("\n")) != 1 ||
			!strings.Contains(string(r.Err), c.words) {
			t.Errorf("%q: %v", c.words, r)
		}
		if m.isMounted(t) {
			t.Fatal("mounted")
		}
	}
	fixture.Failed(t, fixture.Run(t, "umount", dir), "no archive is mounted there")
	fixture.Failed(t, fixture.Run(t, "umount", dir+"/none"), "no such file")
}

// TestOtherUser: a user other than root is told what is missing.
func TestOtherUser(t *testing.T) {
	canMount(t)
	tools.Path(t, "fusermount3")
	archive := packFiles(t, map[string]string{"a": "a"})
	base := tools.Dir(t)
	tpk := fixture.PublicTPK(t, base)
	dir := filepath.Join(base, "mnt")
	err := errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, tools.Nobody, tools.Nobody))
	if err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat("/dev/fuse")
	if err != nil {
		t.Fatal(err)
	}
	run := func(env string, args ...string) tools.Result {
		cmd := tools.As(exec.Command(tpk, args...), tools.Nobody)
		cmd.Env = append(cmd.Env, env)
		return tools.Run(t, cmd)
	}
	fixture.Failed(t, run("PATH=/none", "mount", archive, dir), "fusermount3", "package fuse3")
	conf, _ := os.ReadFile("/etc/fuse.conf") // it may be missing
	if !strings.Contains("\n"+string(conf), "\nuser_allow_other") {
		fixture.Failed(t, run("A=b", "mount", "-o", "allow_other", archive, dir), "user_allow_other")
	}
	if fi.Mode().Perm()&0o006 != 0o006 {
		fixture.Failed(t, run("A=b", "mount", archive, dir), "/dev/fuse", "Permission denied")
		return
	}
	if r := run("A=b", "mount", "-q", archive, dir); r.Code != 0 {
		t.Fatal(r)
	}
	if r := run("A=b", "umount", dir); r.Code != 0 {
		t.Error(r)
	}
}
