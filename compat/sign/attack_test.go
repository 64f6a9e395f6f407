package sign

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// A scene is a directory with the signed archive x.tar.gz, another one, y.tar.gz, an older version
// of x in old/, and the sets s and r. An attacker changes a copy of it.
type scene struct {
	*maker
	dir string
}

// The files that are attacked are stored, so that their members have equal lengths.
var attackedTree = trees.Tree{
	trees.Dir("d"), trees.Noise("a", 5000).At(1e9), trees.Noise("b", 5000).At(1e9),
	trees.Noise("d/c", 5000), trees.Noise("big", 3<<20), trees.Hardlink("h", "a"),
	trees.Symlink("l", "d"),
}

func newScene(t *testing.T) *scene {
	s := &scene{newMaker(t), tools.Dir(t)}
	for _, name := range []string{"x.tar.gz", "y.tar.gz"} {
		tree := append(trees.Tree{trees.File("name", name)}, attackedTree...)
		s.sign(t, pack(t, tree, s.dir, name, "--level", "0"))
	}
	old := filepath.Join(s.dir, "old")
	if err := os.Mkdir(old, 0o755); err != nil {
		t.Fatal(err)
	}
	tree := append(trees.Tree{trees.File("name", "older")}, attackedTree...)
	archive := pack(t, tree, old, "x.tar.gz", "--level", "0")
	s.sign(t, archive)
	s.resign(t, archive, "timestamp:1500000000\tfile:x.tar.gz.sum\thashed")
	tree = append(trees.Tree{trees.File("name", "e.tar.gz")}, attackedTree...)
	s.sign(t, pack(t, tree, s.dir, "e.tar.gz", "--level", "0", "--embed-index"))
	for _, name := range []string{"s", "r"} {
		tree := append(trees.Tree{trees.Bytes("a", trees.NoiseBytes(name, 5000))},
			attackedTree[2:]...)
		pack(t, tree, s.dir, name+".tar.gz", "--shards", "2", "--level", "0")
		s.sign(t, filepath.Join(s.dir, name+".tar.gz"))
	}
	return s
}

// entry returns the entry of a path in an archive.
func entry(t testing.TB, archive, path string) sidecar.Entry {
	t.Helper()
	x, err := sidecar.Open(archive + ".tpi")
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	i, ok, err := x.Lookup(path)
	if err != nil || !ok {
		t.Fatalf("%s: no %s: %v", archive, path, err)
	}
	e, err := x.Entry(i)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// member returns the bytes of C of a path in an archive.
func member(t testing.TB, archive, path string, b []byte) []byte {
	e := entry(t, archive, path)
	return b[e.ContentOffset():][:e.ContentLen]
}

// header returns a header member of n bytes for the item.
func header(t testing.TB, it forge.Item, n int) []byte {
	t.Helper()
	for it.Time = 1e9; it.Time < 1e9+1000; it.Time++ { // the file has the first of these
		if h := gzmember.AppendTarHeader(nil, forge.HeaderBlocks(it)); len(h) == n {
			return h
		}
	}
	t.Fatalf("no header of %d bytes", n)
	return nil
}

// copyOver copies files of the scene to other names.
func copyOver(t testing.TB, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		write(t, filepath.Join(dir, pairs[i+1]), read(t, filepath.Join(dir, pairs[i])))
	}
}

// An attack changes the files in a directory. Afterwards each command must refuse the path, and say
// one of the texts.
type attack struct {
	name    string
	do      func(t *testing.T, dir string)
	archive string // "" is x.tar.gz
	path    string // that is asked for; "" is a
	says    []string
	flags   []string
	// rebuilt: the server finds the damage without a key, and makes the right index of the archive.
	rebuilt bool
	silent  bool // the server has another index that is right
}

var attacks = []attack{
	{name: "swapped members", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b := read(t, x)
		one, two := member(t, x, "a", b), member(t, x, "b", b)
		keep := bytes.Clone(one)
		if copy(one, two) != copy(two, keep) {
			t.Fatal("the members differ in length")
		}
		write(t, x, b)
	}, says: []string{"the content is not the one that was signed"}},

	{name: "swapped members, and a sidecar that fits", do: func(t *testing.T, dir string) {
		// The names are exchanged instead, which a sidecar that is made of the archive fits.
		x := filepath.Join(dir, "x.tar.gz")
		tree := append(trees.Tree{trees.File("name", "x.tar.gz")}, attackedTree...)
		for i, n := range tree {
			switch n.Path {
			case "a":
				tree[i].Data = trees.NoiseBytes("b", 5000)
			case "b":
				tree[i].Data = trees.NoiseBytes("a", 5000)
			}
		}
		if err := os.Remove(x + ".tpi"); err != nil {
			t.Fatal(err)
		}
		pack(t, tree, dir, "x.tar.gz", "--level", "0")
	}, says: []string{"the index is not the one that was signed"}},

	{name: "a tar header that contradicts the index", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b, e := read(t, x), entry(t, x, "a")
		copy(b[e.Offset:], header(t, forge.Item{Path: "a", Type: forge.File, Mode: 0o755,
			Content: make([]byte, 5000)}, int(e.HeaderLen)))
		write(t, x, b)
	}, says: []string{"the tar header contradicts the signed index"}},

	{name: "a tar header of another name", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b, e := read(t, x), entry(t, x, "a")
		copy(b[e.Offset:], header(t, forge.Item{Path: "z", Type: forge.File, Mode: 0o644,
			Content: make([]byte, 5000)}, int(e.HeaderLen)))
		write(t, x, b)
	}, says: []string{"the tar header contradicts the signed index"}},

	{name: "an older signed version", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "old/x.tar.gz", "x.tar.gz", "old/x.tar.gz.tpi", "x.tar.gz.tpi",
			"old/x.tar.gz.sum", "x.tar.gz.sum", "old/x.tar.gz.sum.minisig", "x.tar.gz.sum.minisig")
	}, flags: []string{"--not-before", "2020-01-01"},
		says: []string{"an older version was signed: at 2017-07-14T02:40:00Z"}},

	{name: "an older version with the latest signature", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "old/x.tar.gz", "x.tar.gz", "old/x.tar.gz.tpi", "x.tar.gz.tpi")
	}, says: []string{"it is not the archive that was signed",
		"the index is not the one that was signed"}},

	{name: "another archive's signature", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "y.tar.gz.sum", "x.tar.gz.sum", "y.tar.gz.sum.minisig", "x.tar.gz.sum.minisig")
	}, says: []string{`the signature is that of another archive: that of "y.tar.gz"`}},

	{name: "another archive and its signature", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "y.tar.gz", "x.tar.gz", "y.tar.gz.tpi", "x.tar.gz.tpi",
			"y.tar.gz.sum", "x.tar.gz.sum", "y.tar.gz.sum.minisig", "x.tar.gz.sum.minisig")
	}, says: []string{`the signature is that of another archive: that of "y.tar.gz"`}},

	{name: "another archive's minisig", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "y.tar.gz.sum.minisig", "x.tar.gz.sum.minisig")
	}, says: []string{"the signature is wrong: the checksums were changed"}},

	{name: "a signature of a set", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "s-of-00002.tar.gz.tps.sum", "x.tar.gz.sum",
			"s-of-00002.tar.gz.tps.sum.minisig", "x.tar.gz.sum.minisig")
	}, says: []string{"the signature is that of another archive"}},

	{name: "a shard of another set", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "r-00000-of-00002.tar.gz", "s-00000-of-00002.tar.gz",
			"r-00000-of-00002.tar.gz.tpi", "s-00000-of-00002.tar.gz.tpi")
	}, archive: "s-00000-of-00002.tar.gz", says: []string{
		"the shard set is not whole: this shard is not the one of its list",
		"it is not the archive that was signed"}},

	{name: "a shard of another set, and a list that fits", do: func(t *testing.T, dir string) {
		copyOver(t, dir, "r-00000-of-00002.tar.gz", "s-00000-of-00002.tar.gz",
			"r-00000-of-00002.tar.gz.tpi", "s-00000-of-00002.tar.gz.tpi")
		for _, name := range []string{"s-of-00002.tar.gz.tps", "s-of-00002.tar.gz.tps.tpi"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		r := fixture.Run(t, "index", "-q", filepath.Join(dir, "s-00000-of-00002.tar.gz"))
		if r.Code != 0 {
			t.Fatal(r)
		}
	}, archive: "s-00000-of-00002.tar.gz", says: []string{"is not the one that was signed",
		"it is not the archive that was signed"}},

	{name: "an xxHash64 and CRC-32 collision", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b := read(t, x)
		content := trees.NoiseBytes("a", 5000)
		c := member(t, x, "a", b)
		at := bytes.Index(c, content)
		if at < 0 {
			t.Fatal("the content is not stored")
		}
		copy(c[at:], collide(t, content))
		write(t, x, b)
		// Without a key it is not found by reading.
		out := tools.Must(t, exec.Command(tools.TPK(t), "cat", x, "a"))
		if bytes.Equal(out, content) || len(out) != len(content) {
			t.Fatal("the content is not forged")
		}
	}, says: []string{"the content is not the one that was signed"}},

	{name: "a MiB of a large file", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b := read(t, x)
		content := trees.NoiseBytes("big", 3<<20)
		c := member(t, x, "big", b)
		at := bytes.Index(c, content[:60000])
		if at < 0 {
			t.Fatal("the content is not stored")
		}
		copy(c[at:], collide(t, content[:60000]))
		write(t, x, b)
	}, path: "big", says: []string{"the content is not the one that was signed"}},

	{name: "a record of the sidecar", do: func(t *testing.T, dir string) {
		side := filepath.Join(dir, "x.tar.gz.tpi")
		b := read(t, side)
		b[512+44*2+36]++ // the time of the third entry
		write(t, side, b)
	}, rebuilt: true, says: []string{"wrong SHA-256: byte 512 of the index",
		"section records has hash", "modification time"}},

	{name: "a sidecar with another header", do: func(t *testing.T, dir string) {
		side := filepath.Join(dir, "x.tar.gz.tpi")
		b := read(t, side)
		binary.LittleEndian.PutUint64(b[96:], 1) // the bytes of all C
		forge.Seal(b)
		write(t, side, b)
		x := filepath.Join(dir, "x.tar.gz")
		a := read(t, x)
		binary.LittleEndian.PutUint64(a[len(a)-64+38:], forge.Digest(b))
		write(t, x, a)
	}, says: []string{"the index is not the one that was signed"}},

	{name: "an edited trusted comment", do: func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, "x.tar.gz.sum.minisig"), "trusted comment: timestamp:1",
			"trusted comment: timestamp:9")
	}, says: []string{"the signature is wrong: its trusted comment was changed"}},

	{name: "edited checksums", do: func(t *testing.T, dir string) {
		edit(t, filepath.Join(dir, "x.tar.gz.sum"), "# size ", "# size 1")
	}, says: []string{"the signature is wrong: the checksums were changed"}},

	{name: "no signature", do: func(t *testing.T, dir string) {
		if err := os.Remove(filepath.Join(dir, "x.tar.gz.sum.minisig")); err != nil {
			t.Fatal(err)
		}
	}, says: []string{"it is not signed"}},

	{name: "no signature that is one", do: func(t *testing.T, dir string) {
		write(t, filepath.Join(dir, "x.tar.gz.sum.minisig"), []byte("untrusted comment: x\nRWQ=\n"))
	}, says: []string{"it is no minisign signature"}},

	{name: "another key", do: func(t *testing.T, dir string) {
		m := newMaker(t)
		m.sign(t, filepath.Join(dir, "x.tar.gz"))
	}, says: []string{"it was signed with another key"}},

	{name: "an archive cut short", do: func(t *testing.T, dir string) {
		x := filepath.Join(dir, "x.tar.gz")
		b := read(t, x)
		write(t, x, b[:len(b)-1000])
	}, says: []string{"the archive is truncated", "not the archive that was signed"}},

	{name: "a text that is signed and no checksums", do: func(t *testing.T, dir string) {}},
}

// TestAttacks tries each attack on each command that takes a key.
func TestAttacks(t *testing.T) {
	s := newScene(t)
	for _, a := range slices.Concat(attacks, embeddedAttacks) {
		t.Run(a.name, func(t *testing.T) {
			dir := tools.Dir(t)
			if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
				t.Fatal(err)
			}
			if a.says == nil { // only the maker can do it
				write(t, filepath.Join(dir, "x.tar.gz.sum"), []byte("# tpk sum 1\n"))
				s.resign(t, filepath.Join(dir, "x.tar.gz"), "timestamp:1700000000")
				a.says = []string{"it is no list of checksums"}
			} else {
				a.do(t, dir)
			}
			s.try(t, a, dir)
		})
	}
}

// try runs each command on the files of an attack.
func (s *scene) try(t *testing.T, a attack, dir string) {
	name, path := filepath.Join(dir, "x.tar.gz"), "a"
	if a.archive != "" {
		name = filepath.Join(dir, a.archive)
	}
	if a.path != "" {
		path = a.path
	}
	trust := append([]string{"--public-key", s.public}, a.flags...)
	for _, args := range [][]string{
		{"verify", name}, {"cat", name, path}, {"extract", "-C", filepath.Join(dir, "out"), name, path},
		{"extract", "-C", filepath.Join(dir, "all"), name},
	} {
		r := fixture.Run(t, append(args, trust...)...)
		if r.Code != 1 || !saysOne(string(r.Err), a.says) {
			t.Errorf("want one of %q: %v", a.says, r)
		}
		if args[0] == "cat" && len(r.Out) > 2<<20 {
			t.Errorf("cat wrote %d bytes", len(r.Out))
		}
	}
	// What copies whole members compares the archive first.
	r := fixture.Run(t, append([]string{"export", name, filepath.Join(dir, "out.zip")}, trust...)...)
	says := append(slices.Clone(a.says), "it is not the archive that was signed")
	if r.Code != 1 || !saysOne(string(r.Err), says) {
		t.Errorf("want one of %q: %v", says, r)
	}
	if _, err := os.Stat(filepath.Join(dir, "out.zip")); err == nil {
		t.Error("out.zip was written")
	}
	for _, out := range []string{"out", "all"} {
		if _, err := os.Stat(filepath.Join(dir, out, path)); err == nil {
			t.Errorf("%s/%s was extracted", out, path)
		}
	}
	s.tryInfo(t, a, name, trust)
	s.tryServe(t, a, name, path, trust)
}

// tryInfo requires that info refuses the archive, or prints only SHA-256 that were signed.
func (s *scene) tryInfo(t *testing.T, a attack, name string, trust []string) {
	t.Helper()
	r := fixture.Run(t, append([]string{"info", "--json", "--sha256", name}, trust...)...)
	says := append(slices.Clone(a.says), "it is not the archive that was signed")
	if r.Code != 0 {
		if r.Code != 1 || len(r.Out) > 0 || !saysOne(string(r.Err), says) {
			t.Errorf("want one of %q: %v", says, r)
		}
		return
	}
	if strings.Contains(a.archive, "-of-") {
		name = strings.Replace(name, "-00000-of-00002.tar.gz", "-of-00002.tar.gz.tps", 1)
	}
	var printed struct {
		SHA256 string
		Shards []struct{ SHA256 string }
	}
	if err := json.Unmarshal(r.Out, &printed); err != nil {
		t.Fatal(err)
	}
	sums := []string{printed.SHA256}
	for _, shard := range printed.Shards {
		sums = append(sums, shard.SHA256)
	}
	signed := string(read(t, name+".sum"))
	for _, sum := range sums {
		if !strings.Contains(signed, sum) {
			t.Errorf("%s was not signed: %v", sum, r)
		}
	}
}

func saysOne(text string, says []string) bool {
	for _, s := range says {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
