//go:build linux

package compat

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"golang.org/x/sys/unix"
)

// A rewrite is a directory in which one archive is about to be replaced by another one. After a failure there must
// be either of them, whole, and nothing else.
type rewrite struct {
	source  string // of the new archive
	dir     string
	archive string
	old     pair
	new     pair
}

// A pair is the bytes of an archive and its sidecar.
type pair struct{ archive, sidecar []byte }

func readPair(t testing.TB, archive string) pair {
	t.Helper()
	var p pair
	for name, dst := range map[string]*[]byte{archive: &p.archive, archive + ".tpi": &p.sidecar} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		*dst = b
	}
	return p
}

// newRewrite packs an old tree in place and a new one elsewhere, for comparison. The new one takes several writes.
func newRewrite(t testing.TB, dir string) *rewrite {
	t.Helper()
	base := tools.Dir(t)
	w := &rewrite{source: filepath.Join(base, "new"), dir: dir, archive: filepath.Join(dir, "a.tar.gz")}
	writeTree(t, trees.Tree{trees.File("old", "what was here before")}, filepath.Join(base, "old"))
	writeTree(t, trees.Tree{
		trees.Text("text", 3<<20), trees.Noise("noise", 3<<20), trees.File("small", "x"), trees.Dir("d"), trees.Symlink("d/l", "x"),
		trees.Noise("d/more", 600_000),
	}, w.source)
	elsewhere := filepath.Join(base, "a.tar.gz")
	pack(t, w.source, elsewhere)
	w.new = readPair(t, elsewhere)
	pack(t, filepath.Join(base, "old"), w.archive)
	w.old = readPair(t, w.archive)
	return w
}

// outcome says which of the two archives stands there now, and fails the test for anything else. A killed program
// may leave the new archive with the old sidecar, which readers notice, and temporary files.
func (w *rewrite) outcome(t testing.TB, killed bool) string {
	t.Helper()
	got := readPair(t, w.archive)
	state := ""
	switch {
	case bytes.Equal(got.archive, w.old.archive):
		state = "old"
		if !bytes.Equal(got.sidecar, w.old.sidecar) {
			t.Error("the archive is the old one, the sidecar is not")
		}
	case bytes.Equal(got.archive, w.new.archive):
		state = "new"
		if !bytes.Equal(got.sidecar, w.new.sidecar) {
			state = "new with a stale sidecar"
			if !bytes.Equal(got.sidecar, w.old.sidecar) {
				t.Error("the sidecar is neither the old nor the new one")
			}
		}
	default:
		t.Fatalf("the archive is neither the old nor the new one: %d bytes", len(got.archive))
	}
	for _, cmd := range []string{"ls", "verify"} {
		if r := tpk(t, cmd, w.archive); r.Code != 0 && !(cmd == "verify" && state == "new with a stale sidecar") {
			t.Error(r)
		}
	}
	names, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(w.dir, ".*")) // the pattern is valid
	for _, name := range append(names, hidden...) {
		if base := filepath.Base(name); base != "a.tar.gz" && base != "a.tar.gz.tpi" && base != "lost+found" && !killed {
			t.Errorf("%s was left behind", base)
		}
	}
	return state
}

// failed checks that a command ended with code 1 and one line about an archive and a reason.
func failed(t testing.TB, r tools.Result, words ...string) {
	t.Helper()
	if r.Code != 1 {
		t.Errorf("want exit status 1: %v", r)
	}
	oneLine(t, r, words...)
}

// oneLine checks that standard error has one line, which has the words in it, and standard output has nothing. That an
// archive without an index is indexed in memory may be said before.
func oneLine(t testing.TB, r tools.Result, words ...string) {
	t.Helper()
	line := string(r.Err)
	if first, rest, ok := strings.Cut(line, "\n"); ok && strings.Contains(first, "indexing it in memory") {
		line = rest
	}
	if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "tpk: ") || strings.Contains(line, "goroutine ") || len(r.Out) > 0 {
		t.Errorf("want one line on standard error: %v", r)
	}
	for _, w := range words {
		if !strings.Contains(line, w) {
			t.Errorf("want %q in the error: %v", w, r)
		}
	}
}

// strace runs pack with a fault injected into a call that concerns the files it writes, and says whether it fired. strace
// counts the calls of each thread apart, so the same number may fire several times.
func (w *rewrite) strace(t testing.TB, inject string) (tools.Result, bool) {
	t.Helper()
	log := filepath.Join(tools.Dir(t), "strace")
	call, _, _ := strings.Cut(inject, ":")
	args := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", "inject=" + inject, "-P", w.dir}
	for _, name := range []string{"a.tar.gz", "a.tar.gz.tpi", ".a.tar.gz.tpk-tmp", ".a.tar.gz.tpi.tpk-tmp"} {
		args = append(args, "-P", filepath.Join(w.dir, name))
	}
	cmd := exec.Command(tools.Path(t, "strace"), append(args, tools.TPK(t), "pack", w.source, w.archive)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	r := tools.Run(t, cmd)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return r, bytes.Contains(b, []byte("(INJECTED)")) || bytes.Contains(b, []byte("+++ killed by SIGKILL"))
}

// TestFailingCalls makes each system call fail that pack uses to write, at each of its occurrences.
func TestFailingCalls(t *testing.T) {
	tools.Path(t, "strace")
	for _, c := range []struct {
		call, errno, says string
	}{
		{"write", "ENOSPC", "no space left on device"},
		{"write", "EIO", "input/output error"},
		{"pwrite64", "ENOSPC", "no space left on device"},
		{"fsync", "EIO", "input/output error"},
		{"fsync", "ENOSPC", "no space left on device"},
		{"close", "EIO", "input/output error"},
		{"renameat", "EIO", "input/output error"},
		{"ftruncate", "EIO", "input/output error"},
	} {
		t.Run(c.call+"/"+c.errno, func(t *testing.T) {
			w := newRewrite(t, tools.Dir(t))
			fired := 0
			for when := 1; when <= 60; when++ {
				r, ok := w.strace(t, fmt.Sprintf("%s:error=%s:when=%d", c.call, c.errno, when))
				if !ok {
					break
				}
				fired++
				state := w.outcome(t, false)
				switch {
				case r.Code == 1:
					failed(t, r, c.says)
					if !strings.Contains(string(r.Err), "a.tar.gz") && !strings.Contains(string(r.Err), w.dir) {
						t.Errorf("%d: the error names no path: %v", when, r)
					}
				case r.Code != 0:
					t.Errorf("%d: %v", when, r)
				case state != "new":
					t.Errorf("%d: exit status 0, and %s is there", when, state)
				}
				if t.Failed() {
					t.Fatalf("at call %d", when)
				}
				if state != "old" {
					w.restore(t)
				}
			}
			if fired == 0 && (c.call == "write" || c.call == "fsync" || c.call == "renameat") {
				t.Errorf("no call of %s", c.call)
			}
			t.Logf("%d calls", fired)
		})
	}
}

// TestDurable looks at the order of the calls that make the files safe: both are synced before either gets its name,
// the archive before the sidecar, and the directory is synced last.
func TestDurable(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	log := filepath.Join(tools.Dir(t), "strace")
	tools.Must(t, exec.Command(tools.Path(t, "strace"), "-f", "-qq", "-y", "-o", log, "-e", "trace=fsync,fdatasync,rename,renameat,renameat2",
		tools.TPK(t), "pack", w.source, w.archive))
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		for _, c := range []struct{ call, name, is string }{
			{"sync(", ".a.tar.gz.tpk-tmp>", "sync archive"}, {"sync(", ".a.tar.gz.tpi.tpk-tmp>", "sync sidecar"}, {"sync(", w.dir + ">", "sync directory"},
			{"rename", "a.tar.gz\")", "rename archive"}, {"rename", "a.tar.gz.tpi\")", "rename sidecar"},
		} {
			if strings.Contains(line, c.call) && strings.Contains(line, c.name) {
				got = append(got, c.is)
			}
		}
	}
	want := "sync archive, sync sidecar, rename archive, rename sidecar, sync directory"
	if all := strings.Join(got, ", "); all != want {
		t.Errorf("%s; want %s\n%s", all, want, b)
	}
}

func (w *rewrite) restore(t testing.TB) {
	t.Helper()
	for name, b := range map[string][]byte{w.archive: w.old.archive, w.archive + ".tpi": w.old.sidecar} {
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledAtCalls kills pack at its calls: there is the old archive or the new one, and the next pack succeeds
// and leaves nothing of the killed one.
func TestKilledAtCalls(t *testing.T) {
	tools.Path(t, "strace")
	for _, call := range []string{"write", "pwrite64", "fsync", "renameat", "close"} {
		t.Run(call, func(t *testing.T) {
			w := newRewrite(t, tools.Dir(t))
			states := map[string]int{}
			for when := 1; when <= 40; when++ {
				r, ok := w.strace(t, fmt.Sprintf("%s:signal=KILL:when=%d", call, when))
				if !ok && r.Code == 0 {
					break
				}
				states[w.outcome(t, true)]++
				pack(t, w.source, w.archive)
				if w.outcome(t, false) != "new" {
					t.Fatalf("after the pack that followed a kill at call %d: the old archive", when)
				}
				w.restore(t)
			}
			t.Log(states)
		})
	}
}

// TestSignals stops pack at several moments after it has begun to write: the old archive stays, and no temporary file.
func TestSignals(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	big := filepath.Join(tools.Dir(t), "big")
	writeTree(t, trees.Tree{trees.Noise("a", 4<<20), trees.Text("b", 30<<20)}, big)
	stopped := 0
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGKILL} {
		for _, after := range []time.Duration{0, 10, 50, 200} {
			cmd := exec.Command(tools.TPK(t), "pack", "--level", "9", big, w.archive)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 5000 {
				if _, err := os.Stat(filepath.Join(w.dir, ".a.tar.gz.tpk-tmp")); err == nil {
					break
				}
				time.Sleep(time.Millisecond)
			}
			time.Sleep(after * time.Millisecond)
			cmd.Process.Signal(sig) // it may be done already
			cmd.Wait()              // its error is looked at below
			r := tools.Result{Code: cmd.ProcessState.ExitCode(), Err: errs.Bytes(), Args: cmd.Args}
			if r.Code == 0 {
				w.restore(t)
				continue
			}
			stopped++
			if state := w.outcome(t, sig == unix.SIGKILL); state != "old" {
				t.Errorf("%v after %d ms: %s", sig, after, state)
			}
			if sig != unix.SIGKILL {
				if r.Code != 128+int(sig) {
					t.Errorf("%v: %v", sig, r)
				}
				oneLine(t, r)
			}
		}
	}
	if stopped < 10 {
		t.Errorf("only %d of 16 were stopped in time", stopped)
	}
}

// TestFullDisk packs onto a file system that is too small.
func TestFullDisk(t *testing.T) {
	tools.Root(t)
	dir := tools.Dir(t)
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		tools.Missing(t, "the right to mount a tmpfs")
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	w := newRewrite(t, dir)
	failed(t, tpk(t, "pack", w.source, w.archive), "a.tar.gz", "no space left on device")
	if state := w.outcome(t, false); state != "old" {
		t.Error(state)
	}
	// And where there was nothing before, nothing is left.
	other := filepath.Join(dir, "other.tar.gz")
	failed(t, tpk(t, "pack", w.source, other), "other.tar.gz", "no space left on device")
	w.outcome(t, false)
	failed(t, tpk(t, "extract", "-C", dir, elsewhere(t, w)), "no space left on device")
}

// elsewhere writes the new archive to a place of its own.
func elsewhere(t testing.TB, w *rewrite) string {
	t.Helper()
	name := filepath.Join(tools.Dir(t), "a.tar.gz")
	for n, b := range map[string][]byte{name: w.new.archive, name + ".tpi": w.new.sidecar} {
		if err := os.WriteFile(n, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// TestFileSizeLimit packs with a limit on the size of files.
func TestFileSizeLimit(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	cmd := exec.Command(tools.Path(t, "prlimit"), "--fsize=1000000", tools.TPK(t), "pack", w.source, w.archive)
	failed(t, tools.Run(t, cmd), "a.tar.gz", "file too large")
	if state := w.outcome(t, false); state != "old" {
		t.Error(state)
	}
}

// TestFullOutput streams to a device that is full, and to a reader that goes away.
func TestFullOutput(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	archive := elsewhere(t, w)
	for _, args := range [][]string{{"pack", w.source, "-"}, {"cat", archive, "text"}, {"ls", archive}, {"ls", "--json", archive}, {"info", archive}} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			tools.Missing(t, "/dev/full")
		}
		cmd := exec.Command(tools.TPK(t), args...)
		cmd.Stdout = full
		failed(t, tools.Run(t, cmd), "no space left on device")
		full.Close()

		cmd = exec.Command(tools.TPK(t), args...)
		r, pipe, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd.Stdout = pipe
		if res := tools.Run(t, cmd); res.Code == 0 || len(res.Err) > 0 {
			t.Errorf("a closed pipe: want failure without a word: %v", res)
		}
		pipe.Close()
	}
	failed(t, tpk(t, "pack", w.source, "/dev/full"), "/dev/full")
}

// TestTwoWriters packs the same archive twice at once: one wins, the other is told to wait.
func TestTwoWriters(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	for range 5 {
		var packers []*exec.Cmd
		var errs [4]bytes.Buffer
		for i := range errs {
			cmd := exec.Command(tools.TPK(t), "pack", w.source, w.archive)
			cmd.Stderr = &errs[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			packers = append(packers, cmd)
		}
		won := 0
		for i, cmd := range packers {
			if err := cmd.Wait(); err == nil {
				won++
				continue
			}
			failed(t, tools.Result{Code: cmd.ProcessState.ExitCode(), Err: errs[i].Bytes(), Args: cmd.Args}, "a.tar.gz", "another")
		}
		if won == 0 {
			t.Error("nobody won")
		}
		if state := w.outcome(t, false); state != "new" {
			t.Error(state)
		}
		w.restore(t)
	}
}
