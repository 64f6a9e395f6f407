//go:build linux

package edit

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
)

// sweepCalls are the system calls that change what is on disk. The command is killed in each of
// them, and each is made to fail.
var sweepCalls = []string{"write", "pwrite64", "copy_file_range", "fsync", "renameat", "ftruncate",
	"unlinkat"}

// paths returns the strace options that select the files the command may write in dir.
func (j *job) paths(t *testing.T, dir string) (args []string) {
	t.Helper()
	names := []string{""}
	temporary := func(name string) string {
		return filepath.Join(filepath.Dir(name),
			"."+filepath.Base(name)+".tpk-tmp")
	}
	for _, f := range []files{j.before, j.after} {
		for name := range f {
			names = append(names, filepath.Dir(name), name, temporary(name))
		}
	}
	for _, archive := range []string{"a.tar.gz", "a-of-set.tar.gz", "pack.tar.gz"} {
		for _, part := range []string{
			"input", "spool", "records", "content", "index", "check", "sidecar",
		} {
			names = append(names, temporary(archive+"."+part))
		}
	}
	for i := range 3 {
		shard := fmt.Sprintf("a-%05d-of-set.tar.gz", i)
		names = append(names, temporary(shard), temporary(shard+".tpi"))
	}
	names = append(names, temporary("a-of-set.tar.gz"))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		args = append(args, "-P", filepath.Join(dir, name))
	}
	return args
}

// inject runs the command in dir with a fault in one of its calls that concern dir. It returns how
// often the fault occurred: strace counts the calls of each thread alone.
func (j *job) inject(t *testing.T, dir, call, fault string, when int) (tools.Result, int) {
	t.Helper()
	log := filepath.Join(tools.Dir(t), "strace")
	args := []string{"-f", "-qq", "-o", log, "-e", "trace=" + call, "-e",
		fmt.Sprintf("inject=%s:%s:when=%d", call, fault, when)}
	cmd := exec.Command(tools.Path(t, "strace"),
		slices.Concat(args, j.paths(t, dir), j.command(t, j.argv, dir))...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	r := tools.Run(t, cmd)
	b := read(t, log)
	if bytes.Contains(b, []byte("+++ killed by SIGKILL")) {
		return r, 1
	}
	return r, bytes.Count(b, []byte("(INJECTED)"))
}

// sweep runs the command with a fault at each occurrence of a call and returns the number of
// faults.
func (j *job) sweep(t *testing.T, call, fault, says string) (points int) {
	states := map[string]int{}
	for when, runs := 1, 0; ; when++ {
		dir := tools.Dir(t)
		j.before.write(t, dir)
		r, fired := j.inject(t, dir, call, fault, when)
		if runs++; fired > 1 && runs < 500 { // undoing may have failed as well
			when--
			continue
		}
		if fired == 0 {
			if !j.success(r) {
				t.Error(r)
			}
			t.Log(states)
			return points
		}
		points++
		state := j.state(t, j, dir)
		states[state]++
		if says != "" {
			j.failed(t, r, call, says, state, dir)
		}
		j.followUp(t, state, dir)
		if t.Failed() {
			t.Fatalf("at call %d: %s\n%v\n%q", when, state, r, slices.Sorted(maps.Keys(readFiles(t, dir))))
		}
		if runs > 500 {
			t.Fatal("no end")
		}
	}
}

// failed checks a command after one of its calls has failed. The command must have reported the
// failure and removed its temporary files, or must have succeeded without the call.
func (j *job) failed(t *testing.T, r tools.Result, call, says, state, dir string) {
	t.Helper()
	word := string(r.Err)
	named := strings.Contains(word, dir)
	for name := range j.before { // init prints the paths that it removes relative to the tree
		named = named || strings.HasPrefix(word, "tpk: "+name+": ") ||
			strings.HasPrefix(word, "tpk: "+filepath.Dir(name)+": ")
	}
	switch {
	case r.Code == 0 && state != "new":
		t.Errorf("exit status 0, and it is %s", state)
	case j.success(r) && state == "new":
	case r.Code != 1 || !strings.Contains(word, says) || !named || strings.Count(word, "\n") != 1 &&
		!strings.HasSuffix(j.name, "repair"):
		t.Errorf("want exit status 1 and one line: %v", r)
	}
	if call == "unlinkat" && j.name == "init" && r.Code != 0 &&
		!strings.Contains(word, "was not removed") {
		t.Errorf("the error does not say that the archive is complete: %v", r)
	}
	// A set is complete once its list has its final name; its shards may still have temporary
	// names. A file that cannot be removed stays.
	if got := readFiles(t, dir); call != "unlinkat" && (!j.again && !j.set || state == "old") &&
		len(got) != len(got.visible()) {
		t.Error("there are temporary files")
	}
}

// TestFaultsSweep kills split, init, repair, pack --shards and each command that changes a set, at
// each call that changes what is on disk, and lets each of these calls fail. No file that init
// packs and nothing that repair found may be lost. split must leave a whole set or none, and a
// change the whole old set or the whole new one. An archive with its index in itself is the old one
// or the new one. With -short it only kills, and only where names change, or where such an archive
// is made durable or cut off; of the changes of a set it takes update.
func TestFaultsSweep(t *testing.T) {
	tools.Path(t, "strace")
	full, point := !testing.Short(), 0
	all, lost := map[string]int{}, 0
	for _, j := range jobs(t) {
		short := slices.Contains([]string{"split", "init", "repair", "set update"}, j.name)
		if !short && !j.inside && !(full && (j.set || j.name == "set")) {
			continue
		}
		t.Run(j.name, func(t *testing.T) {
			for _, call := range sweepCalls {
				for _, f := range []struct{ fault, says string }{
					{"signal=KILL", ""}, {"error=ENOSPC", "no space left on device"},
					{"error=EIO", "input/output error"},
				} {
					wanted := full || f.says == "" &&
						(call == "renameat" || call == "unlinkat" && (j.name == "init" || j.inside) ||
							j.inside && (call == "ftruncate" || call == "fsync"))
					if point++; wanted && sweep.Takes(t, point-1) {
						ok := t.Run(call+"/"+f.fault, func(t *testing.T) {
							all[j.name] += j.sweep(t, call, f.fault, f.says)
						})
						if !ok { // a sweep ends at its first loss
							lost++
						}
					}
				}
			}
			if all[j.name] == 0 {
				t.Error("no call was met")
			}
		})
	}
	t.Logf("points: %v, %d losses", all, lost)
}
