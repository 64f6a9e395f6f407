//go:build linux

package edit

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// files maps the paths of files below a directory to their contents.
type files map[string]string

func readFiles(t testing.TB, dir string) files {
	t.Helper()
	all := files{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, name) // both are absolute
			all[rel] = string(read(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (f files) write(t testing.TB, dir string) {
	t.Helper()
	for name, content := range f {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// visible returns the files that have no temporary name.
func (f files) visible() files {
	seen := maps.Clone(f)
	maps.DeleteFunc(seen, func(name, _ string) bool { return strings.HasSuffix(name, ".tpk-tmp") })
	return seen
}

// A job is a command that changes what is in a directory, which is called DIR in its arguments; its
// standard is what it does undisturbed.
type job struct {
	name          string
	argv          []string
	before, after files
	// the state of dir; fails for a mixture of old and new
	state func(t *testing.T, j *job, dir string) string
	// the command may run again after it has succeeded
	again bool
	// the command that cleans up in a state other than "old"
	cleanUp []string
	growth  bool // the archive grows in place
	inside  bool // the archive has its index in itself, before or after
	set     bool // a set is changed: shards may have temporary names after its commit
	// it loses data, and that must be noticed
	control bool
}

// jobs returns a job for each command, on trees that are small enough for a power cut at each call.
func jobs(t *testing.T) []*job {
	base := tools.Dir(t)
	write := treesIn(t, base)
	old := write("old", trees.Tree{trees.Noise("kept", 150_000), trees.Text("text", 20_000),
		trees.File("d/gone", "x"), trees.File("e/link", "x")})
	next := write("next", trees.Tree{trees.Noise("kept", 150_000), trees.Text("text", 30_000),
		trees.File("e/link", "x"), trees.Text("new", 200_000)})
	more := write("more", trees.Tree{trees.Text("new", 200_000), trees.File("n/small", "y"),
		trees.File("n/copy", "x")})
	source, other, tarball := filepath.Join(base, "source"), filepath.Join(base, "other.tar.gz"),
		filepath.Join(base, "in.tar")
	set, sums := filepath.Join(base, "set"), filepath.Join(base, "sums")
	for _, dir := range []string{source, set, sums} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "pack", old, filepath.Join(source, "a.tar.gz"))
	must(t, "pack", next, other)
	tools.Must(t, exec.Command("tar", "-cf", tarball, "-C", next, "."))
	archive := readFiles(t, source)
	must(t, "pack", "--sha256", old, filepath.Join(sums, "a.tar.gz"))
	must(t, "pack", "--shards", "3", old, filepath.Join(set, "a.tar.gz"))
	damaged := maps.Clone(archive)
	damaged["a.tar.gz"] = archive["a.tar.gz"][:100_000] + strings.Repeat("damage", 10) +
		archive["a.tar.gz"][100_060:]
	tree := readFiles(t, old)
	fresh := filepath.Join(base, "fresh.tar.gz")
	tools.Must(t, exec.Command("cp", other, fresh))
	all := []*job{
		{name: "pack", argv: []string{"pack", next, "DIR/a.tar.gz"}, before: archive,
			state: archiveState},
		{name: "update", argv: []string{"update", "DIR/a.tar.gz", next}, before: archive,
			state: archiveState},
		{name: "sums", argv: []string{"convert", "--sha256", tarball, "DIR/a.tar.gz"},
			before: archive, state: archiveState},
		{name: "sums append", argv: []string{"add", "--append", "DIR/a.tar.gz", more},
			before: readFiles(t, sums), state: archiveState, growth: true},
		{name: "add", argv: []string{"add", "DIR/a.tar.gz", next + "/new"}, before: archive,
			state: archiveState},
		{name: "append", argv: []string{"add", "--append", "DIR/a.tar.gz", more}, before: archive,
			state: archiveState, growth: true},
		{name: "rm", argv: []string{"rm", "DIR/a.tar.gz", "d"}, before: archive, state: archiveState},
		{name: "compact", argv: []string{"compact", "DIR/a.tar.gz", "--dedup", "off"}, before: archive,
			state: archiveState},
		{name: "merge", argv: []string{"merge", "DIR/a.tar.gz", "DIR/a.tar.gz", other}, before: archive,
			state: archiveState},
		{name: "convert", argv: []string{"convert", tarball, "DIR/a.tar.gz"}, before: archive,
			state: archiveState},
		{name: "repair", argv: []string{"repair", "DIR/a.tar.gz"}, before: damaged, state: archiveState},
		{name: "split", argv: []string{"split", "--shards", "3", "DIR/a.tar.gz"}, before: archive,
			state: setState, again: true},
		{name: "set", argv: []string{"pack", "--shards", "3", next, "DIR/a.tar.gz"},
			before: readFiles(t, set), state: setState, again: true},
		{name: "set update", argv: []string{"update", "DIR/a.tar.gz", next},
			before: readFiles(t, set), state: setState, again: true, set: true},
		{name: "set add", argv: []string{"add", "DIR/a.tar.gz", next + "/new"},
			before: readFiles(t, set), state: setState, again: true, set: true},
		{name: "set rm", argv: []string{"rm", "DIR/a.tar.gz", "d"},
			before: readFiles(t, set), state: setState, set: true,
			cleanUp: []string{"index", "DIR/a.tar.gz"}},
		{name: "set compact", argv: []string{"compact", "DIR/a.tar.gz"},
			before: appendedSet(t, set, more), state: setState, again: true, set: true},
		{name: "set merge", argv: []string{"merge", "DIR/a.tar.gz", "DIR/a.tar.gz", other},
			before: readFiles(t, set), state: setState, again: true, set: true},
		{name: "set repair", argv: []string{"repair", "DIR/a.tar.gz"},
			before: damagedSet(readFiles(t, set)), state: setState, set: true},
		{name: "init", argv: []string{"init", "DIR"}, before: tree, state: initState,
			cleanUp: []string{"index", "DIR/pack.tar.gz"}},
		{name: "control", argv: []string{"sh", "-c",
			"cp " + fresh + " DIR/.a.tar.gz.tpk-tmp && mv -f DIR/.a.tar.gz.tpk-tmp DIR/a.tar.gz"},
			before: archive, state: archiveState, control: true},
		{name: "control that syncs the directory",
			argv: []string{"sh", "-c",
				"cp " + fresh +
					" DIR/.a.tar.gz.tpk-tmp && mv -f DIR/.a.tar.gz.tpk-tmp DIR/a.tar.gz && sync DIR"},
			before: archive, state: archiveState, control: true},
	}
	all = append(all, embeddedJobs(t, archive, old, next, more)...)
	all = append(all, signJob(t, old, next))
	for _, j := range all {
		dir := filepath.Join(base, "for "+j.name)
		j.before.write(t, dir)
		j.done(t, dir)
		j.after = readFiles(t, dir)
	}
	return all
}

// command returns the program and its arguments for a directory.
func (j *job) command(t testing.TB, argv []string, dir string) []string {
	words := slices.Clone(argv)
	for i, w := range words {
		if j.control {
			words[i] = strings.ReplaceAll(w, "DIR", "'"+dir+"'")
		} else if rest, ok := strings.CutPrefix(w, "DIR"); ok {
			words[i] = dir + rest
		}
	}
	if j.control {
		words[0] = tools.Path(t, words[0])
		return words
	}
	return append([]string{tools.TPK(t)}, words...)
}

// done runs the command without faults. The exit status of repair is 1, because something was lost.
func (j *job) done(t testing.TB, dir string) {
	t.Helper()
	argv := j.command(t, j.argv, dir)
	if r := tools.Run(t, exec.Command(argv[0], argv[1:]...)); !j.success(r) {
		t.Fatal(r)
	}
}

// success reports whether the command has ended well; repair does so with exit status 1.
func (j *job) success(r tools.Result) bool {
	return r.Code == 0 || strings.HasSuffix(j.name, "repair") && r.Code == 1 &&
		strings.Contains(string(r.Err)+string(r.Out), "lost")
}

// followUp runs the next command after a failure that left dir in a state. It must succeed and
// leave no temporary file.
func (j *job) followUp(t *testing.T, state, dir string) {
	t.Helper()
	switch {
	case state != "old" && j.cleanUp != nil:
		argv := j.command(t, j.cleanUp, dir)
		tools.Must(t, exec.Command(argv[0], argv[1:]...))
		if got := readFiles(t, dir); len(got) != len(got.visible()) {
			t.Errorf("%q leaves %q", j.cleanUp, slices.Sorted(maps.Keys(got)))
		}
		return
	case state != "old" && !j.again:
		j.before.write(t, dir) // temporary files stay for the next run
	}
	j.done(t, dir)
	if got := j.state(t, j, dir); got != "new" {
		t.Errorf("after another run: %s", got)
	}
	if got := slices.Sorted(maps.Keys(readFiles(t, dir))); !slices.Equal(got,
		slices.Sorted(maps.Keys(j.after))) {
		t.Errorf("after another run there are %q", got)
	}
}

// archiveState returns the state of an archive and its index: "old", "new" or "new, stale index".
func archiveState(t *testing.T, j *job, dir string) string {
	t.Helper()
	got, archive := readFiles(t, dir), filepath.Join(dir, "a.tar.gz")
	is := func(f files, name string) bool { return got[name] == f[name] }
	state := ""
	switch {
	case is(j.before, "a.tar.gz") && is(j.before, "a.tar.gz.tpi"):
		state = "old"
	case is(j.after, "a.tar.gz") && is(j.after, "a.tar.gz.tpi"):
		state = "new"
	case is(j.after, "a.tar.gz") && is(j.before, "a.tar.gz.tpi"):
		state = "new, stale index"
	case j.growth && strings.HasPrefix(got["a.tar.gz"],
		j.before["a.tar.gz"][:len(j.before["a.tar.gz"])-18]):
		return growing(t, j, dir)
	default:
		t.Errorf("neither the old nor the new archive: %d bytes (old %d, new %d), its index %d bytes",
			len(got["a.tar.gz"]),
			len(j.before["a.tar.gz"]), len(j.after["a.tar.gz"]), len(got["a.tar.gz.tpi"]))
		return "mixed"
	}
	if state == "old" && j.name == "repair" {
		return state
	}
	if r := tpk(t, "verify", archive); (r.Code != 0) != (state == "new, stale index") {
		t.Error(r)
	}
	return state
}

// growing is archiveState for an archive after an interrupted append. Readers must find the old
// archive, and the next writer must restore it.
func growing(t *testing.T, j *job, dir string) string {
	t.Helper()
	archive := filepath.Join(dir, "a.tar.gz")
	if got := readFiles(t, dir); got["a.tar.gz.tpi"] != j.before["a.tar.gz.tpi"] {
		t.Error("the archive was not finished, and its index has changed")
	}
	if r := tpk(t, "ls", archive); r.Code != 0 || strings.Contains(string(r.Out), "small") {
		t.Error(r)
	}
	tools.Must(t, exec.Command(tools.TPK(t), "index", archive))
	if got := readFiles(t, dir); got["a.tar.gz"] != j.before["a.tar.gz"] ||
		got["a.tar.gz.tpi"] != j.before["a.tar.gz.tpi"] {
		t.Error("index did not bring the old archive back")
	}
	return "old"
}

// setState returns "old" or "new". There must be a whole set or none, and the other files must be
// unchanged. The shards of a whole set may have temporary names.
func setState(t *testing.T, j *job, dir string) string {
	t.Helper()
	const list = "a-of-00003.tar.gz.tps"
	got := readFiles(t, dir)
	for _, name := range []string{"a.tar.gz", "a.tar.gz.tpi"} {
		if got[name] != j.before[name] {
			t.Errorf("%s has changed", name)
		}
	}
	if j.before[list] == "" && got[list] == "" {
		if !maps.Equal(got.visible(), j.before) {
			t.Errorf("no set, but %q", slices.Sorted(maps.Keys(got.visible())))
		}
		return "old"
	}
	if r := tpk(t, "ls", filepath.Join(dir, list)); r.Code != 0 || len(r.Err) > 0 {
		t.Errorf("the index is not usable: %v", r) // that would be a notice
	}
	var want files
	state := ""
	switch got[list] {
	case j.after[list]:
		state, want = "new", j.after
	case j.before[list]:
		state, want = "old", j.before
	default:
		t.Error("neither the old list of the set nor the new one")
		return "mixed"
	}
	if state == "old" && j.name == "set repair" {
		if !maps.Equal(got.visible(), j.before) {
			t.Error("the damaged set has changed")
		}
		return state
	}
	first, out := "a-00000-of-00003.tar.gz", tools.Dir(t)
	if r := tpk(t, "extract", "-C", out, filepath.Join(dir, first)); r.Code != 0 {
		t.Error(r)
	}
	if !maps.Equal(readFiles(t, out), shardsOf(t, want)) {
		t.Errorf("the %s set does not hold what it should", state)
	}
	return state
}

// appendedSet returns the files of a set in which one shard has entries out of order.
func appendedSet(t *testing.T, set, more string) files {
	t.Helper()
	dir := tools.Dir(t)
	readFiles(t, set).write(t, dir)
	shard := filepath.Join(dir, "a-00001-of-00003.tar.gz")
	must(t, "add", "--single", "--append", shard, filepath.Join(more, "new"))
	must(t, "index", filepath.Join(dir, "a.tar.gz"))
	return readFiles(t, dir)
}

// damagedSet damages the largest shard of a set in its middle.
func damagedSet(set files) files {
	largest := ""
	for name := range set {
		if strings.HasSuffix(name, "-of-00003.tar.gz") && len(set[name]) > len(set[largest]) {
			largest = name
		}
	}
	half := len(set[largest]) / 2
	set[largest] = set[largest][:half] + "damage" + set[largest][half+6:]
	return set
}

// shardsOf returns the files that GNU tar extracts from the three shards of a set.
func shardsOf(t *testing.T, set files) files {
	t.Helper()
	all := tools.Dir(t)
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if strings.HasSuffix(name, "-of-00003.tar.gz") {
			cmd := exec.Command("tar", "-xzf", "-", "-C", all)
			cmd.Stdin = strings.NewReader(set[name])
			tools.Must(t, cmd)
		}
	}
	return readFiles(t, all)
}

// initState returns "old", "new" or "packed, not all removed". Each file must still be there, or be
// in a whole archive, or both.
func initState(t *testing.T, j *job, dir string) string {
	t.Helper()
	got, packed := readFiles(t, dir), files{}
	if _, ok := got["pack.tar.gz"]; ok {
		out := tools.Dir(t)
		tools.Must(t, exec.Command("tar", "-xzf", filepath.Join(dir, "pack.tar.gz"), "-C", out))
		packed = readFiles(t, out)
	}
	loose := 0
	for name, content := range j.before {
		is, there := got[name]
		if there {
			loose++
		}
		if there && is != content || !there && packed[name] != content {
			t.Errorf("%s is lost", name)
		}
	}
	switch {
	case len(packed) == 0:
		return "old"
	case !maps.Equal(packed, j.before):
		t.Error("the archive does not hold everything")
		return "mixed"
	case loose > 0:
		return "packed, not all removed"
	}
	return "new"
}
