//go:build linux

package edit

import (
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
)

// embeddedJobs returns a job for each command that puts an index into an archive, takes it out, or
// changes an archive that has it. archive is the one with a sidecar, the others are trees.
func embeddedJobs(t *testing.T, archive files, old, next, more string) []*job {
	t.Helper()
	dir := tools.Dir(t)
	archive.write(t, dir)
	must(t, "index", "--embed", filepath.Join(dir, "a.tar.gz"))
	embedded := readFiles(t, dir)
	both := maps.Clone(embedded) // with a sidecar beside it
	must(t, "index", filepath.Join(dir, "a.tar.gz"))
	both["a.tar.gz.tpi"] = readFiles(t, dir)["a.tar.gz.tpi"]
	must(t, "pack", "--sha256", "--embed-index", old, filepath.Join(dir, "a.tar.gz"))
	sums := readFiles(t, dir)
	delete(sums, "a.tar.gz.tpi")
	all := []*job{
		{name: "pack with index", argv: []string{"pack", "--embed-index", next, "DIR/a.tar.gz"},
			before: archive},
		{name: "embed", argv: []string{"index", "--embed", "DIR/a.tar.gz"}, before: archive},
		{name: "take out", argv: []string{"index", "--no-embed", "DIR/a.tar.gz"}, before: embedded},
		{name: "take out beside", argv: []string{"index", "--no-embed", "DIR/a.tar.gz"}, before: both},
		{name: "append embedded", argv: []string{"add", "--append", "DIR/a.tar.gz", more},
			before: embedded},
		{name: "append embedded beside", argv: []string{"add", "--append", "DIR/a.tar.gz", more},
			before: both},
		{name: "update embedded", argv: []string{"update", "DIR/a.tar.gz", next}, before: embedded},
		{name: "append embedded sums", argv: []string{"add", "--append", "DIR/a.tar.gz", more},
			before: sums},
		{name: "update embedded sums", argv: []string{"update", "DIR/a.tar.gz", next}, before: sums},
	}
	for _, j := range all {
		j.state, j.inside = embeddedState, true
	}
	return all
}

// embeddedState returns the state of an archive that has its index in itself before the job or
// after it. In both states every reader finds an index without a notice. In between, the archive
// ends before its file does, with the old entries or the new ones. Then the next writer must put
// that state on disk. Always, tar finds what tpk finds, also in a copy of nothing but the archive.
func embeddedState(t *testing.T, j *job, dir string) string {
	t.Helper()
	archive := filepath.Join(dir, "a.tar.gz")
	state := func() string {
		switch readFiles(t, dir)["a.tar.gz"] {
		case j.before["a.tar.gz"]:
			return "old"
		case j.after["a.tar.gz"]:
			return "new"
		}
		return ""
	}
	was := state()
	copied := filepath.Join(tools.Dir(t), "copied.tar.gz")
	files{"copied.tar.gz": string(read(t, archive))}.write(t, filepath.Dir(copied))
	wantOneView(t, copied)
	wantOneView(t, archive)
	r := tpk(t, "ls", archive)
	want := listOf(t, j.before)
	committed := was == "" && string(r.Out) != want // what is in the archive, but not its index
	if was == "new" || committed {
		want = listOf(t, j.after)
	}
	if r.Code != 0 || string(r.Out) != want ||
		was != "" && len(r.Err) > 0 || was == "" && !strings.Contains(string(r.Err), "left out") {
		t.Errorf("%q: %v", was, r)
	}
	if was == "" {
		tools.Must(t, exec.Command(tools.TPK(t), "index", archive))
		if was = state(); was == "" {
			t.Error("index brings neither the old archive back nor the new one")
			return "mixed"
		}
		if committed && was != "new" {
			t.Error("index takes back what was committed")
		}
		t.Logf("in between; the new entries are committed: %v", committed)
	}
	alone := tools.Dir(t) // without a sidecar that may not fit, but with the one it needs
	got := readFiles(t, dir)
	keep := files{"a.tar.gz": got["a.tar.gz"]}
	standard := map[string]files{"old": j.before, "new": j.after}[was]
	if standard["a.tar.gz.tpi"] != "" {
		keep["a.tar.gz.tpi"] = got["a.tar.gz.tpi"]
	}
	keep.write(t, alone)
	if r := tpk(t, "verify", filepath.Join(alone, "a.tar.gz")); r.Code != 0 &&
		!strings.Contains(string(r.Err), "does not belong") {
		t.Errorf("%s: %v", was, r)
	}
	return was
}

// listOf returns what ls prints about the archive of some files.
func listOf(t *testing.T, f files) string {
	t.Helper()
	dir := tools.Dir(t)
	f.write(t, dir)
	return string(tools.Must(t, exec.Command(tools.TPK(t), "ls", filepath.Join(dir, "a.tar.gz"))))
}
