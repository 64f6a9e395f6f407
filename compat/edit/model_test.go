package edit

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A model is a directory, and an archive that must hold the same tree.
type model struct {
	t       *testing.T
	rnd     *rand.Rand
	dir     string
	archive string
	log     []string
}

// TestModel changes a directory and an archive in the same way, by random commands. After each
// command GNU tar must extract the directory's tree, and verify must find nothing.
func TestModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			base := tools.Dir(t)
			m := &model{t: t, rnd: rand.New(rand.NewPCG(seed, 3)), dir: filepath.Join(base, "tree"),
				archive: filepath.Join(base, "a.tar.gz")}
			if err := os.Mkdir(m.dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for range 12 {
				m.change(m.dir)
			}
			m.settle()
			m.tpk("pack", m.dir, m.archive)
			for range 12 {
				m.step()
				m.settle()
				m.tpk("verify", m.archive)
				want, err := trees.Read(m.dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range trees.Diff(want, extracted(t, m.archive),
					trees.Rules{Merged: true, IgnoreDirTime: true, IgnoreSymlinkTime: true}) {
					t.Error(line)
				}
				if t.Failed() {
					t.Fatalf("after\n%v", m.log)
				}
			}
			wantOnly(t, base, "a.tar.gz", "a.tar.gz.tpi", "tree")
		})
	}
}

// tpk runs a command, which must succeed.
func (m *model) tpk(args ...string) {
	m.t.Helper()
	m.log = append(m.log, fmt.Sprintf("tpk %q\n", args))
	if r := tpk(m.t, args...); r.Code != 0 {
		m.t.Fatalf("%v\nafter\n%v", r, m.log)
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
		m.check(os.Chtimes(p, at, at))
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

// some returns up to n paths of the model, chosen at random.
func (m *model) some(n int) (paths []string) {
	var all []string
	m.check(filepath.WalkDir(m.dir, func(name string, _ os.DirEntry, err error) error {
		if err == nil && name != m.dir {
			rel, _ := filepath.Rel(m.dir, name) // both are absolute
			all = append(all, rel)
		}
		return err
	}))
	for range min(n, len(all)) {
		paths = append(paths, all[m.rnd.IntN(len(all))])
	}
	return paths
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
		m.settle()
		m.tpk([][]string{{"update", m.archive, m.dir}, {"update", "--checksum", m.archive, m.dir},
			{"pack", m.dir, m.archive}}[m.rnd.IntN(3)]...)
	case 3:
		if words := m.some(1 + m.rnd.IntN(3)); len(words) > 0 {
			m.tpk(append([]string{"rm", m.archive}, words...)...)
			for _, p := range words {
				m.check(os.RemoveAll(filepath.Join(m.dir, p)))
			}
		}
	case 4:
		m.tpk("compact", m.archive)
	case 5: // here no file has the name of a directory
		makeOther()
		m.tpk("add", "--replace", m.archive, other)
		copyOver("--remove-destination")
	case 6:
		makeOther()
		m.tpk("pack", other, more)
		m.tpk("merge", m.archive, m.archive, more)
		copyOver("--remove-destination")
	case 7:
		shards := tools.Run(m.t, exec.Command(tools.TPK(m.t), "split", "--shards", "3", m.archive))
		if shards.Code != 0 {
			m.t.Fatal(shards)
		}
		args := []string{"merge", m.archive}
		for i := range 3 {
			args = append(args, filepath.Join(work, fmt.Sprintf("a-%05d-of-00003.tar.gz", i)))
		}
		m.tpk(args...)
		set := filepath.Join(work, "a-of-00003.tar.gz.tps") // the list of the shards
		for _, p := range append(args[2:], set) {
			m.check(os.Remove(p))
			m.check(os.Remove(p + ".tpi"))
		}
	case 8:
		makeOther()
		m.tpk("add", "--append", m.archive, other)
		// Paths that the model has already keep their content: they are copied over the new ones.
		m.dir, other = other, m.dir
		copyOver("--remove-destination")
		m.check(os.RemoveAll(other))
		m.check(os.Rename(m.dir, other))
		m.dir, other = other, m.dir
	case 9:
		tar := filepath.Join(work, "in.tar")
		if r := tools.Run(m.t, exec.Command("tar", "-cf", tar, "-C", m.dir, ".")); r.Code != 0 {
			m.t.Fatal(r)
		}
		m.tpk("convert", tar, m.archive)
		m.tpk("repair", m.archive)
		m.check(os.Remove(tar))
	}
}
