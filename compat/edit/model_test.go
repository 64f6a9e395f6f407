package edit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A model is a directory, and an archive or a shard set that must hold the same tree.
type model struct {
	t       *testing.T
	rnd     *rand.Rand
	dir     string
	archive string
	log     []string
	modelKind
}

// A modelKind is what a model is about.
type modelKind struct {
	title string
	set   bool  // a set of three shards is changed instead of an archive
	epoch int64 // SOURCE_DATE_EPOCH; 0: not set
	// Files get the current time, and some are written again with the same size within a second.
	recent bool
	sums   bool // the index has SHA-256 sums, which every command keeps
	inside bool // the archive has its index in itself, where commands that change it keep it
}

// epoch is in the middle of the times that change sets.
const epoch = 1_600_000_002

// TestModel changes a directory and an archive in the same way, by random commands. After each
// command GNU tar must extract the directory's tree, and verify must find nothing. Archives and
// sets are changed, with and without SOURCE_DATE_EPOCH, with old files and with files written just
// now. With -short it does not combine the last two for archives.
func TestModel(t *testing.T) {
	for seed := range uint64(4) {
		newModel(t, modelKind{title: fmt.Sprint(seed)}, seed).run()
	}
	for i, kind := range []modelKind{
		{title: "epoch", epoch: epoch}, {title: "recent", recent: true},
		{title: "recent, epoch", recent: true, epoch: epoch},
		{title: "sums, inside", sums: true, inside: true},
		{title: "sums", sums: true, recent: true}, {title: "set, sums", set: true, sums: true},
		{title: "set", set: true}, {title: "set, epoch", set: true, epoch: epoch},
		{title: "set, recent", set: true, recent: true},
		{title: "set, recent, epoch", set: true, recent: true, epoch: epoch},
	} {
		seeds := uint64(3)
		if testing.Short() {
			seeds = 1
		}
		for seed := range seeds {
			each := kind
			each.title += fmt.Sprintf(" %d", seed)
			newModel(t, each, uint64(10*i)+seed+100).run()
		}
	}
}

func newModel(t *testing.T, kind modelKind, seed uint64) *model {
	base := tools.Dir(t)
	return &model{t: t, rnd: rand.New(rand.NewPCG(seed, 3)), dir: filepath.Join(base, "tree"),
		archive: filepath.Join(base, "a.tar.gz"), modelKind: kind}
}

// run makes the tree and the archive, and changes both.
func (m *model) run() {
	m.t.Run(m.title, func(t *testing.T) {
		m.t = t
		m.check(os.Mkdir(m.dir, 0o755))
		for range 12 {
			m.change(m.dir)
		}
		m.settle()
		m.pack()
		for range 12 {
			m.step()
			m.settle()
			m.tpk("verify", m.archive)
			m.compare()
			m.compareSums()
			m.compareIndex()
			if t.Failed() {
				t.Fatalf("after\n%v", m.log)
			}
		}
		names := []string{"a.tar.gz", "a.tar.gz.tpi"}
		if m.inside {
			names = names[:1]
		}
		if m.set {
			names = []string{"a-of-00003.tar.gz.tps", "a-of-00003.tar.gz.tps.tpi"}
			for _, shard := range m.shards() {
				names = append(names, filepath.Base(shard), filepath.Base(shard)+".tpi")
			}
		}
		wantOnly(t, filepath.Dir(m.archive), append(names, "tree")...)
	})
}

// compare checks that GNU tar extracts the directory's tree.
func (m *model) compare() {
	m.t.Helper()
	want, err := trees.Read(m.dir)
	m.check(err)
	for p, st := range want {
		if m.epoch > 0 && st.Time > m.epoch {
			st.Time = m.epoch
			want[p] = st
		}
	}
	archives := []string{m.archive}
	if m.set {
		archives = m.shards()
	}
	for _, line := range trees.Diff(want, extracted(m.t, archives...),
		trees.Rules{Merged: true, IgnoreDirTime: true, IgnoreSymlinkTime: true}) {
		m.t.Error(line)
	}
}

// compareSums checks that sha256sum finds the sums of the index in the directory.
func (m *model) compareSums() {
	m.t.Helper()
	if !m.sums {
		return
	}
	list := tools.Must(m.t, exec.Command(tools.TPK(m.t), "ls", "--sha256", m.name()))
	if len(list) == 0 {
		return // sha256sum takes no empty list
	}
	check := exec.Command(tools.Path(m.t, "sha256sum"), "--check", "--strict", "--quiet")
	check.Dir, check.Stdin = m.dir, bytes.NewReader(list)
	if r := tools.Run(m.t, check); r.Code != 0 {
		m.t.Error(r)
	}
}

// compareIndex checks that the index in the archive is the one that FORMAT.md gives.
func (m *model) compareIndex() {
	m.t.Helper()
	if !m.inside {
		return
	}
	b := read(m.t, m.archive)
	want, err := forge.Index(b)
	m.check(err)
	if got, err := forge.EmbeddedIndex(b); err != nil || !bytes.Equal(got, want) {
		m.t.Errorf("it has another index in it: %v", err)
	}
}

// embed puts the index into an archive that was made of other files.
func (m *model) embed() {
	if m.inside {
		m.tpk("index", "--embed", m.archive)
	}
}

// shards returns the names of the shards.
func (m *model) shards() (names []string) {
	stem := strings.TrimSuffix(m.archive, ".tar.gz")
	for i := range 3 {
		names = append(names, fmt.Sprintf("%s-%05d-of-00003.tar.gz", stem, i))
	}
	return names
}

// name returns a name of the archive or set.
func (m *model) name() string {
	if !m.set {
		return m.archive
	}
	stem := strings.TrimSuffix(m.archive, ".tar.gz")
	return []string{m.archive, m.shards()[0], stem + "-of-00003.tar.gz.tps",
		stem + "-?????-of-00003.tar.gz"}[m.rnd.IntN(4)]
}

// pack packs the directory.
func (m *model) pack() {
	args := []string{"pack", m.dir, m.archive}
	if m.set {
		args = append(args, "--shards", "3")
	}
	if m.sums {
		args = append(args, "--sha256")
	}
	if m.inside {
		args = append(args, "--embed-index")
	}
	m.tpk(args...)
}

// tpk runs a command, which must succeed.
func (m *model) tpk(args ...string) {
	m.t.Helper()
	m.log = append(m.log, fmt.Sprintf("tpk %q\n", args))
	cmd := exec.Command(tools.TPK(m.t), args...)
	if m.epoch > 0 {
		cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", m.epoch))
	}
	if r := tools.Run(m.t, cmd); r.Code != 0 {
		m.t.Fatalf("%v\nafter\n%v", r, m.log)
	}
}

// edit runs a command that changes the set, which must write only shards that change.
func (m *model) edit(args ...string) {
	m.t.Helper()
	var before []os.FileInfo
	var contents [][]byte
	if m.set {
		for _, shard := range m.shards() {
			fi, err := os.Stat(shard)
			m.check(err)
			before, contents = append(before, fi), append(contents, read(m.t, shard))
		}
	}
	m.tpk(args...)
	for i, was := range before {
		fi, err := os.Stat(m.shards()[i])
		m.check(err)
		if !os.SameFile(fi, was) && bytes.Equal(read(m.t, m.shards()[i]), contents[i]) {
			m.t.Errorf("shard %d was written, and did not change", i)
		}
	}
}

func (m *model) check(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// change writes or removes a file or a symbolic link below dir.
func (m *model) change(dir string) {
	names := []string{"a", "b", "c", "d", "Ü"}
	p := dir
	for range m.rnd.IntN(3) {
		if next := filepath.Join(p, "sub-"+names[m.rnd.IntN(2)]); os.MkdirAll(next, 0o755) == nil {
			p = next
		}
	}
	p = filepath.Join(p, names[m.rnd.IntN(len(names))])
	m.check(os.RemoveAll(p))
	at := time.Unix(1_600_000_000+m.rnd.Int64N(5), 0)
	switch m.rnd.IntN(6) {
	case 0:
		m.check(os.Symlink("a", p))
	case 1:
		return
	default:
		content := trees.TextBytes(fmt.Sprint(m.rnd.IntN(4)), 1<<m.rnd.IntN(19))
		m.check(os.WriteFile(p, content, 0o644))
		if !m.recent {
			m.check(os.Chtimes(p, at, at))
		}
	}
}

// rewrite writes some files again, with another content of the same size and the current time.
func (m *model) rewrite() {
	for _, p := range m.some(5) {
		p = filepath.Join(m.dir, p)
		fi, err := os.Lstat(p)
		m.check(err)
		if fi.Mode().IsRegular() && fi.Size() > 0 {
			b := read(m.t, p)
			b[m.rnd.IntN(len(b))] ^= 1
			m.check(os.WriteFile(p, b, 0o644))
		}
	}
}

// settle gives all directories one time, because adding and removing files changes it.
func (m *model) settle() {
	at := time.Unix(1_500_000_000, 0)
	m.check(filepath.WalkDir(m.dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chtimes(name, at, at)
		}
		return err
	}))
}

// divisible reports whether the tree has an entry for each of three shards. Of fewer entries, tpk
// makes fewer shards, whose set has another name.
func (m *model) divisible() bool { return len(m.paths()) >= 3 }

// some returns up to n paths of the model, chosen at random.
func (m *model) some(n int) (paths []string) {
	all := m.paths()
	for range min(n, len(all)) {
		paths = append(paths, all[m.rnd.IntN(len(all))])
	}
	return paths
}

// paths returns the paths of the model.
func (m *model) paths() (all []string) {
	m.check(filepath.WalkDir(m.dir, func(name string, _ os.DirEntry, err error) error {
		if err == nil && name != m.dir {
			rel, _ := filepath.Rel(m.dir, name) // both are absolute
			all = append(all, rel)
		}
		return err
	}))
	return all
}

// step runs one random command.
func (m *model) step() {
	work := filepath.Dir(m.archive)
	other, more := filepath.Join(work, "more"), filepath.Join(work, "more.tar.gz")
	makeOther := func() {
		m.check(os.Mkdir(other, 0o755))
		for range 5 {
			m.change(other)
		}
	}
	removeOther := func() {
		for _, p := range []string{other, more, more + ".tpi"} {
			m.check(os.RemoveAll(p))
		}
	}
	defer removeOther()
	copyOver := func(flags ...string) {
		cmd := exec.Command("cp", append(flags, "-a", other+"/.", m.dir)...)
		if r := tools.Run(m.t, cmd); r.Code != 0 {
			m.t.Fatal(r)
		}
	}
	switch m.rnd.IntN(10) {
	case 0, 1, 2:
		for range 1 + m.rnd.IntN(5) {
			m.change(m.dir)
		}
		if m.recent {
			m.rewrite()
		}
		m.settle()
		switch m.rnd.IntN(3) {
		case 0:
			m.edit("update", m.name(), m.dir)
		case 1:
			m.edit("update", "--checksum", m.name(), m.dir)
		default:
			if m.set && !m.divisible() {
				m.edit("update", m.name(), m.dir)
			} else {
				m.pack()
			}
		}
		if m.recent { // within the second of the last change
			m.rewrite()
			m.edit("update", m.name(), m.dir)
		}
	case 3:
		if words := m.some(1 + m.rnd.IntN(3)); len(words) > 0 {
			m.edit(append([]string{"rm", m.name()}, words...)...)
			for _, p := range words {
				m.check(os.RemoveAll(filepath.Join(m.dir, p)))
			}
		}
	case 4:
		m.edit("compact", m.name())
	case 5: // here no file has the name of a directory
		makeOther()
		m.edit("add", "--replace", m.name(), other)
		copyOver("--remove-destination")
	case 6:
		makeOther()
		m.tpk("pack", other, more)
		into := m.name()
		m.edit("merge", into, into, more)
		copyOver("--remove-destination")
	case 7:
		if !m.divisible() {
			return
		}
		m.tpk("split", "--shards", "3", m.name())
		if m.set {
			return
		}
		m.tpk(append([]string{"merge", "--replace", m.archive}, m.shards()...)...)
		m.embed()
		set := filepath.Join(work, "a-of-00003.tar.gz.tps") // the list of the shards
		for _, p := range append(m.shards(), set) {
			m.check(os.Remove(p))
			m.check(os.Remove(p + ".tpi"))
		}
	case 8:
		makeOther()
		if m.set { // which does not grow in place
			m.edit("add", m.name(), other)
		} else {
			m.tpk("add", "--append", m.archive, other)
		}
		// Paths that the model has already keep their content: they are copied over the new ones.
		m.dir, other = other, m.dir
		copyOver("--remove-destination")
		m.check(os.RemoveAll(other))
		m.check(os.Rename(m.dir, other))
		m.dir, other = other, m.dir
	case 9:
		if !m.set && m.epoch == 0 { // convert keeps times, also later ones
			tar := filepath.Join(work, "in.tar")
			tools.Must(m.t, exec.Command("tar", "-cf", tar, "-C", m.dir, "."))
			args := []string{"convert", tar, m.archive}
			if m.sums {
				args = append(args, "--sha256")
			}
			m.tpk(args...)
			m.embed()
			m.check(os.Remove(tar))
		}
		m.edit("repair", m.name())
	}
}
