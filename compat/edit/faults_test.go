//go:build linux

package edit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/sweep"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A scene is a directory with an archive that a command changes, and the files before and after.
type scene struct {
	name     string
	args     []string
	dir      string // of the archive
	archive  string
	old, new [2][]byte // archive and sidecar
	grows    bool      // the archive grows in place
	unknown  bool      // it has no index before; the command writes that first
}

// scenes returns a scene for each command. A fault must leave the old archive or the new one, no
// mixture.
func scenes(t *testing.T) []*scene {
	base := tools.Dir(t)
	write := treesIn(t, base)
	before := write("before", trees.Tree{trees.Noise("kept", 300_000), trees.Text("text", 200_000),
		trees.File("d/gone", "x"), trees.File("e/link", "x")})
	after := write("after", trees.Tree{trees.Noise("kept", 300_000), trees.Text("text", 300_000),
		trees.File("e/link", "x"), trees.Text("new", 2<<20)})
	more := write("more", trees.Tree{trees.Text("new", 2<<20), trees.File("n/small", "y"),
		trees.File("n/copy", "x")})
	source, other, tarball := filepath.Join(base, "source.tar.gz"),
		filepath.Join(base, "other.tar.gz"), filepath.Join(base, "in.tar")
	must(t, "pack", before, source)
	must(t, "pack", after, other)
	if r := tools.Run(t, exec.Command("tar", "-cf", tarball, "-C", after, ".")); r.Code != 0 {
		t.Fatal(r)
	}
	all := []*scene{
		{name: "update", args: []string{"update", "ARCHIVE", after}},
		{name: "add", args: []string{"add", "ARCHIVE", after + "/new"}},
		{name: "append", args: []string{"add", "--append", "ARCHIVE", more}, grows: true},
		{name: "append without index", args: []string{"add", "--append", "ARCHIVE", more}, grows: true,
			unknown: true},
		{name: "rm", args: []string{"rm", "ARCHIVE", "d"}},
		{name: "compact", args: []string{"compact", "ARCHIVE", "--dedup", "off"}},
		{name: "merge", args: []string{"merge", "ARCHIVE", "ARCHIVE", other}},
		{name: "convert", args: []string{"convert", tarball, "ARCHIVE"}},
	}
	for _, s := range all {
		s.dir = filepath.Join(base, s.name)
		if err := os.Mkdir(s.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		s.archive = filepath.Join(s.dir, "a.tar.gz")
		for i, arg := range s.args {
			if arg == "ARCHIVE" {
				s.args[i] = s.archive
			}
		}
		s.old = [2][]byte{read(t, source), read(t, source+".tpi")}
		s.restore(t)
		must(t, s.args...)
		s.new = [2][]byte{read(t, s.archive), read(t, s.archive+".tpi")}
		if bytes.Equal(s.old[0], s.new[0]) {
			t.Fatalf("%s changes nothing", s.name)
		}
		s.restore(t)
	}
	return all
}

func (s *scene) restore(t *testing.T) {
	t.Helper()
	for i, name := range []string{s.archive, s.archive + ".tpi"} {
		if err := os.WriteFile(name, s.old[i], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if s.unknown {
		if err := os.Remove(s.archive + ".tpi"); err != nil {
			t.Fatal(err)
		}
	}
}

// hasIndex reports whether there is an index.
func (s *scene) hasIndex() bool {
	_, err := os.Stat(s.archive + ".tpi")
	return err == nil
}

// outcome returns which archive is there, "old", "new" or "new, stale index", and fails for any
// other.
func (s *scene) outcome(t *testing.T, killed bool) string {
	t.Helper()
	if s.unknown && !s.hasIndex() {
		if !bytes.Equal(read(t, s.archive), s.old[0]) {
			t.Fatal("the archive has changed before it had an index")
		}
		if !killed {
			wantOnly(t, s.dir, "a.tar.gz")
		}
		return "old"
	}
	got := [2][]byte{read(t, s.archive), read(t, s.archive+".tpi")}
	if killed && s.grows && len(got[0]) > len(s.old[0]) && !bytes.Equal(got[0], s.new[0]) {
		return s.unfinished(t, got)
	}
	state := ""
	switch {
	case bytes.Equal(got[0], s.old[0]) && bytes.Equal(got[1], s.old[1]):
		state = "old"
	case bytes.Equal(got[0], s.new[0]) && bytes.Equal(got[1], s.new[1]):
		state = "new"
	case bytes.Equal(got[0], s.new[0]) && bytes.Equal(got[1], s.old[1]):
		state = "new, stale index"
	default:
		t.Fatalf("neither the old nor the new archive: %d and %d bytes", len(got[0]), len(got[1]))
	}
	if r := tpk(t, "ls", s.archive); r.Code != 0 || (len(r.Err) > 0) != (state == "new, stale index") {
		t.Error(r)
	}
	if r := tpk(t, "verify", s.archive); (r.Code != 0) != (state == "new, stale index") {
		t.Error(r)
	}
	if !killed {
		wantOnly(t, s.dir, "a.tar.gz", "a.tar.gz.tpi")
	}
	return state
}

// unfinished checks an archive after an append to it was killed. Readers must find the old archive
// and write nothing; the next command that writes must restore it.
func (s *scene) unfinished(t *testing.T, got [2][]byte) string {
	t.Helper()
	if at := len(s.old[0]) - 18; !bytes.Equal(got[0][:at], s.old[0][:at]) ||
		!bytes.Equal(got[1], s.old[1]) {
		t.Fatal("what was there has changed")
	}
	if r := tpk(t, "ls", s.archive); r.Code != 0 || !strings.Contains(string(r.Err), "left out") {
		t.Error(r)
	}
	if r := tpk(t, "verify", s.archive); r.Code != 1 {
		t.Error(r)
	}
	// GNU tar also reads up to the old end, whatever gzip makes of the bytes after it.
	names := func(archive string) string {
		return string(tools.Run(t, exec.Command("tar", "-tzf", archive)).Out)
	}
	before := filepath.Join(tools.Dir(t), "old.tar.gz")
	if err := os.WriteFile(before, s.old[0], 0o644); err != nil {
		t.Fatal(err)
	}
	if names(s.archive) != names(before) {
		t.Errorf("tar lists %q", names(s.archive))
	}
	if !bytes.Equal(read(t, s.archive), got[0]) {
		t.Fatal("reading has written")
	}
	must(t, "index", s.archive)
	if !bytes.Equal(read(t, s.archive), s.old[0]) ||
		!bytes.Equal(read(t, s.archive+".tpi"), s.old[1]) {
		t.Fatal("index did not bring the old archive back")
	}
	return "old"
}

// touched are the names in the archive's directory that commands touch; "" is the directory.
var touched = []string{"", "a.tar.gz", "a.tar.gz.tpi", ".a.tar.gz.tpk-tmp",
	".a.tar.gz.tpi.tpk-tmp", ".a.tar.gz.spool.tpk-tmp",
	".a.tar.gz.records.tpk-tmp", ".a.tar.gz.content.tpk-tmp", ".a.tar.gz.index.tpk-tmp"}

// notices matches the notice about an index that can't be read: strace may fail a call in several
// threads.
var notices = regexp.MustCompile(`(?m)^tpk: .*: indexing it in memory.*\n`)

// A fault is what happens in a system call: the command is killed, or the call fails with an error.
// If says is not empty the command must print it and fail.
type fault struct{ call, fault, says string }

func (f fault) kills() bool { return f.fault == "signal=KILL" }

// faults are all that TestFaults tries.
var faults = []fault{
	{"write", "signal=KILL", ""},
	{"pwrite64", "signal=KILL", ""},
	{"copy_file_range", "signal=KILL", ""},
	{"fsync", "signal=KILL", ""},
	{"renameat", "signal=KILL", ""},
	{"unlinkat", "signal=KILL", ""},
	{"ftruncate", "signal=KILL", ""},
	{"close", "signal=KILL", ""},
	{"write", "error=ENOSPC", "no space left on device"},
	{"write", "error=EIO", "input/output error"},
	{"pwrite64", "error=ENOSPC", "no space left on device"},
	{"pwrite64", "error=EIO", "input/output error"},
	{"copy_file_range", "error=ENOSPC", "no space left on device"},
	{"copy_file_range", "error=EIO", "input/output error"},
	{"copy_file_range", "error=ENOSYS", ""}, // tpk must fall back to write
	{"fsync", "error=EIO", "input/output error"},
	{"fsync", "error=ENOSPC", "no space left on device"},
	{"renameat", "error=EIO", "input/output error"},
	{"ftruncate", "error=EIO", "input/output error"},
	{"fchmod", "error=EIO", "input/output error"},
	{"close", "error=EIO", ""},
	{"pread64", "error=EIO", "input/output error"},
}

// short reports whether a run with -short tries a fault: each one for update, which stands for the
// other commands, kills and failures of fsync for append, and some kills for merge, convert and
// append without an index.
func (s *scene) short(f fault) bool {
	switch s.name {
	case "update":
		return true
	case "append":
		return f.kills() || f.call == "fsync"
	case "merge", "convert", "append without index":
		return f.kills() && (f.call == "renameat" || f.call == "fsync")
	}
	return false
}

// sweep runs the command with a fault at each occurrence of its call and returns the number of
// faults.
func (s *scene) sweep(t *testing.T, f fault) (points int) {
	states := map[string]int{}
	for when := 1; when <= 200; when++ {
		r, times := tools.Inject(t, s.dir, touched, f.call, f.fault, when, s.args...)
		if times == 0 {
			if r.Code != 0 {
				t.Fatal(r)
			}
			s.restore(t)
			break
		}
		points++
		// If what undoes an append fails as well, the next writer has to do it.
		undone := !f.kills() && (!s.grows || times == 1)
		state := s.outcome(t, !undone)
		states[state]++
		if !f.kills() {
			s.failed(t, r, f, state)
		}
		if !undone {
			s.again(t, state)
		}
		if t.Failed() {
			t.Fatalf("at call %d", when)
		}
		s.restore(t)
	}
	t.Log(states)
	return points
}

// again runs the command once more, after a fault that left the archive in a state. It must succeed
// and clean up, whatever is left.
func (s *scene) again(t *testing.T, state string) {
	t.Helper()
	if state != "old" {
		s.restore(t)
	}
	must(t, s.args...)
	if got := s.outcome(t, false); got != "new" {
		t.Errorf("after another run: %s", got)
	}
}

// failed checks a command after one of its calls has failed. It must have printed one line about
// the failure, or must have succeeded without the call.
func (s *scene) failed(t *testing.T, r tools.Result, f fault, state string) {
	t.Helper()
	printed := string(r.Err)
	switch {
	case r.Code == 0 && state != "new":
		t.Errorf("exit status 0, and the archive is %s", state)
	case r.Code == 0:
	case r.Code != 1 || strings.Count(notices.ReplaceAllString(printed, ""), "\n") != 1 ||
		!strings.Contains(printed, f.says) || !strings.Contains(printed, s.dir):
		t.Errorf("want exit status 1 and one line: %v", r)
	}
}

// TestFaults kills each command at every call that writes, and lets each of these calls fail.
func TestFaults(t *testing.T) {
	tools.Path(t, "strace")
	point, points, lost := 0, 0, 0
	for _, s := range scenes(t) {
		for _, f := range faults {
			wanted := !testing.Short() || s.short(f)
			if point++; !wanted || !sweep.Takes(t, point-1) {
				continue
			}
			ok := t.Run(s.name+"/"+f.call+"/"+f.fault, func(t *testing.T) { points += s.sweep(t, f) })
			if !ok { // a sweep ends at its first loss
				lost++
			}
		}
	}
	t.Logf("%d points, %d losses", points, lost)
}

// TestFaultsTwice lets each fsync of an append fail, and all that follow, those of the undoing too.
// Then the note for the next writer stays, with the archive as it was.
func TestFaultsTwice(t *testing.T) {
	tools.Path(t, "strace")
	for _, s := range scenes(t) {
		if s.name != "append" {
			continue
		}
		f := fault{"fsync", "error=ENOSPC", "no space left on device"}
		left := 0
		for when := 1; ; when++ {
			r, times := tools.InjectFrom(t, s.dir, touched, f.call, f.fault, when, s.args...)
			if times == 0 {
				break
			}
			state := s.outcome(t, true)
			s.failed(t, r, f, state)
			if _, err := os.Stat(filepath.Join(s.dir, ".a.tar.gz.tpk-tmp")); err == nil {
				left++
			}
			s.again(t, state)
			s.restore(t)
			if t.Failed() {
				t.Fatalf("at call %d", when)
			}
		}
		if left == 0 {
			t.Error("no note was left")
		}
	}
}
