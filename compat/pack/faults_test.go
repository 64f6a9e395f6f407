//go:build linux

package pack

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"golang.org/x/sys/unix"
)

// strace runs pack with a fault in a call that concerns the files it writes, and reports whether
// the fault occurred. strace counts calls by thread, so that one number may cause several faults.
func (w *rewrite) strace(t testing.TB, inject string) (tools.Result, bool) {
	t.Helper()
	log := filepath.Join(tools.Dir(t), "strace")
	call, _, _ := strings.Cut(inject, ":")
	args := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", "inject=" + inject, "-P",
		w.dir}
	for _, name := range []string{"a.tar.gz", "a.tar.gz.tpi", ".a.tar.gz.tpk-tmp",
		".a.tar.gz.tpi.tpk-tmp"} {
		args = append(args, "-P", filepath.Join(w.dir, name))
	}
	cmd := exec.Command(tools.Path(t, "strace"),
		append(args, tools.TPK(t), "pack", w.source, w.archive)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	r := tools.Run(t, cmd)
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return r, bytes.Contains(b, []byte("(INJECTED)")) ||
		bytes.Contains(b, []byte("+++ killed by SIGKILL"))
}

// TestFailingCalls lets each system call fail with which pack writes, at each of its occurrences.
// With -short it tries some of the calls.
func TestFailingCalls(t *testing.T) {
	tools.Path(t, "strace")
	for i, c := range []struct {
		call, errno, says string
		short             bool
	}{
		{"write", "ENOSPC", "no space left on device", true},
		{"write", "EIO", "input/output error", false},
		{"pwrite64", "ENOSPC", "no space left on device", false},
		{"fsync", "EIO", "input/output error", true},
		{"fsync", "ENOSPC", "no space left on device", false},
		{"close", "EIO", "input/output error", true},
		{"renameat", "EIO", "input/output error", true},
		{"ftruncate", "EIO", "input/output error", false},
	} {
		if testing.Short() && !c.short || !sweep.Takes(t, i) {
			continue
		}
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
					fixture.Failed(t, r, c.says)
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

// TestDurable checks the order of the calls that make the files durable. Both files are synced
// before either gets its final name, the archive gets its name first, and the directory is synced
// last.
func TestDurable(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	log := filepath.Join(tools.Dir(t), "strace")
	tools.Must(t, exec.Command(tools.Path(t, "strace"), "-f", "-qq", "-y", "-o", log, "-e",
		"trace=fsync,fdatasync,rename,renameat,renameat2",
		tools.TPK(t), "pack", w.source, w.archive))
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(b)) {
		for _, c := range []struct{ call, name, is string }{
			{"sync(", ".a.tar.gz.tpk-tmp>", "sync archive"},
			{"sync(", ".a.tar.gz.tpi.tpk-tmp>", "sync sidecar"}, {"sync(", w.dir + ">", "sync directory"},
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

// TestKilledAtCalls kills pack at its calls. The old archive or the new one must be there, and the
// next pack must succeed and clean up. With -short it tries some of the calls.
func TestKilledAtCalls(t *testing.T) {
	tools.Path(t, "strace")
	for i, call := range []string{"write", "pwrite64", "fsync", "renameat", "close"} {
		if testing.Short() && call != "fsync" && call != "renameat" || !sweep.Takes(t, i) {
			continue
		}
		t.Run(call, func(t *testing.T) {
			w := newRewrite(t, tools.Dir(t))
			states := map[string]int{}
			for when := 1; when <= 40; when++ {
				r, ok := w.strace(t, fmt.Sprintf("%s:signal=KILL:when=%d", call, when))
				if !ok && r.Code == 0 {
					break
				}
				states[w.outcome(t, true)]++
				fixture.Pack(t, w.source, w.archive)
				if w.outcome(t, false) != "new" {
					t.Fatalf("after the pack that followed a kill at call %d: the old archive", when)
				}
				w.restore(t)
			}
			t.Log(states)
		})
	}
}

// TestSignals stops pack when it has created its temporary file, and after some further reads. The
// old archive must stay, and the temporary file must be gone unless the signal is SIGKILL.
func TestSignals(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	big := filepath.Join(tools.Dir(t), "big")
	fixture.WriteTree(t, trees.Tree{trees.Noise("a", 4<<20), trees.Text("b", 30<<20)}, big)
	stopped := 0
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGKILL} {
		for _, after := range []int{0, 1, 4, 10} {
			files := tools.NewWatch(t, w.dir, tools.WatchCreated)
			reads := tools.NewWatch(t, filepath.Join(big, "b"), tools.WatchRead)
			cmd := exec.Command(tools.TPK(t), "pack", big, w.archive)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				cmd.Wait() // its error is looked at below
				files.Stop()
				reads.Stop()
			}()
			for name, err := files.Next(); err == nil && name != ".a.tar.gz.tpk-tmp"; {
				name, err = files.Next()
			}
			for range after {
				reads.Next() // fails when pack has ended
			}
			cmd.Process.Signal(sig) // pack may have ended
			<-ended
			r := tools.Result{Code: cmd.ProcessState.ExitCode(), Err: errs.Bytes(), Args: cmd.Args}
			if r.Code == 0 {
				w.restore(t)
				continue
			}
			stopped++
			if state := w.outcome(t, sig == unix.SIGKILL); state != "old" {
				t.Errorf("%v after %d reads: %s", sig, after, state)
			}
			if sig != unix.SIGKILL {
				if r.Code != 128+int(sig) {
					t.Errorf("%v: %v", sig, r)
				}
				fixture.OneLine(t, r)
			}
		}
	}
	t.Logf("%d of 16 were stopped in time", stopped)
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
	fixture.Failed(t, fixture.Run(t, "pack", w.source, w.archive), "a.tar.gz",
		"no space left on device")
	if state := w.outcome(t, false); state != "old" {
		t.Error(state)
	}
	// Where there was no archive before, nothing is left.
	other := filepath.Join(dir, "other.tar.gz")
	fixture.Failed(t, fixture.Run(t, "pack", w.source, other), "other.tar.gz",
		"no space left on device")
	w.outcome(t, false)
	fixture.Failed(t, fixture.Run(t, "extract", "-C", dir, elsewhere(t, w)), "no space left on device")
}

// elsewhere writes the new archive to another directory and returns its name.
func elsewhere(t testing.TB, w *rewrite) string {
	t.Helper()
	name := filepath.Join(tools.Dir(t), "a.tar.gz")
	for n, b := range map[string][]byte{name: w.new.Archive, name + ".tpi": w.new.Sidecar} {
		if err := os.WriteFile(n, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// TestFileSizeLimit packs with a limit on the size of files.
func TestFileSizeLimit(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	cmd := exec.Command(tools.Path(t, "prlimit"), "--fsize=1000000", tools.TPK(t), "pack", w.source,
		w.archive)
	fixture.Failed(t, tools.Run(t, cmd), "a.tar.gz", "file too large")
	if state := w.outcome(t, false); state != "old" {
		t.Error(state)
	}
}

// TestFullOutput writes to a device that is full, and to a pipe that nothing reads.
func TestFullOutput(t *testing.T) {
	w := newRewrite(t, tools.Dir(t))
	archive := elsewhere(t, w)
	for _, args := range [][]string{{"pack", w.source, "-"}, {"cat", archive, "text"}, {"ls", archive},
		{"ls", "--json", archive}, {"info", archive}} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			tools.Missing(t, "/dev/full")
		}
		cmd := exec.Command(tools.TPK(t), args...)
		cmd.Stdout = full
		fixture.Failed(t, tools.Run(t, cmd), "no space left on device")
		full.Close()

		cmd = exec.Command(tools.TPK(t), args...)
		r, pipe, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd.Stdout = pipe
		if res := tools.Run(t, cmd); res.Code == 0 || len(res.Err) > 0 {
			t.Errorf("a closed pipe: want a failure without a message: %v", res)
		}
		pipe.Close()
	}
	fixture.Failed(t, fixture.Run(t, "pack", w.source, "/dev/full"), "/dev/full")
}

// TestTwoWriters packs the same archive four times at once. A pack that does not get the lock must
// fail.
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
			fixture.Failed(t, tools.Result{Code: cmd.ProcessState.ExitCode(), Err: errs[i].Bytes(),
				Args: cmd.Args}, "a.tar.gz", "another")
		}
		if won == 0 {
			t.Error("no pack succeeded")
		}
		if state := w.outcome(t, false); state != "new" {
			t.Error(state)
		}
		w.restore(t)
	}
}
