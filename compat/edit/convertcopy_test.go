package edit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A copyBed holds two trees with duplicates, of different times, and with hard links, and archives
// of each.
type copyBed struct{ dir, a, b, foreign string }

func newCopyBed(t *testing.T) copyBed {
	t.Helper()
	dir := tools.Dir(t)
	write := treesIn(t, dir)
	write("ta", trees.Tree{
		trees.Dir("d"), trees.File("one", "the same").At(1_500_000_000),
		trees.File("d/two", "the same").At(1_500_000_001),
		trees.File("d/three", "the same").At(1_500_000_002), trees.Hardlink("d/name", "one"),
		trees.Text("text", 3<<20), trees.Noise("noise", 5<<20),
		trees.Symlink("link", "one"), trees.File("empty", ""),
	})
	write("tb", trees.Tree{trees.File("one", "something else"), trees.File("new", "new")})
	b := copyBed{dir, filepath.Join(dir, "a.tar.gz"), filepath.Join(dir, "b.tar.gz"),
		filepath.Join(dir, "foreign.tar.gz")}
	must(t, "pack", "-q", filepath.Join(dir, "ta"), b.a) // duplicates differ in time
	must(t, "pack", filepath.Join(dir, "tb"), b.b)
	tools.Must(t, exec.Command(tools.Path(t, "tar"), "-C", filepath.Join(dir, "tb"), "-czf", b.foreign,
		"."))
	return b
}

// TestConvertArchive converts a tpk archive. The result is the archive, byte for byte, so its
// members were copied and its duplicates are still told from its hard links.
func TestConvertArchive(t *testing.T) {
	b := newCopyBed(t)
	want := read(t, b.a)
	convert := func(what string, stdin []byte, in string, flags ...string) {
		t.Helper()
		work := tools.Dir(t)
		out := filepath.Join(work, "out.tar.gz")
		args := slices.Concat([]string{"convert"}, flags, []string{in, out})
		cmd := exec.Command(tools.TPK(t), args...)
		cmd.Stdin = bytes.NewReader(stdin)
		if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
			t.Errorf("%s: %v", what, r)
			return
		}
		if !bytes.Equal(read(t, out), want) {
			t.Errorf("%s: another archive", what)
		}
		wantOnly(t, work, "out.tar.gz", "out.tar.gz.tpi")
	}
	convert("with its index", nil, b.a)
	convert("at another level", nil, b.a, "--level", "1")
	convert("from a pipe", want, "-")
	convert("with zeros behind it", slices.Concat(want, make([]byte, 8192)), "-")
	convert("twice", slices.Concat(want, want), "-")
	if err := os.Remove(b.a + ".tpi"); err != nil {
		t.Fatal(err)
	}
	convert("without its index", nil, b.a)
	if r := tpk(t, "convert", "--dry-run", b.a, filepath.Join(b.dir, "x.tar.gz")); r.Code != 0 ||
		string(r.Out) != "9 entries, 0 refused\n" {
		t.Error(r)
	}
	// A file with two names is one file again; duplicates are not.
	out, x := filepath.Join(b.dir, "out.tar.gz"), filepath.Join(b.dir, "x")
	must(t, "convert", "-q", b.a, out)
	must(t, "extract", "-C", x, out)
	got, err := trees.Read(x)
	if err != nil {
		t.Fatal(err)
	}
	source, err := trees.Read(filepath.Join(b.dir, "ta"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range trees.Diff(source, got, trees.Rules{}) {
		t.Error(line)
	}
}

// TestConvertConcatenated converts archives of tpk and of other programs that follow each other.
// The content is what GNU tar extracts of the same bytes with --ignore-zeros.
func TestConvertConcatenated(t *testing.T) {
	b := newCopyBed(t)
	a, bb, foreign := read(t, b.a), read(t, b.b), read(t, b.foreign)
	grown := filepath.Join(b.dir, "grown.tar.gz")
	must(t, "convert", "-q", b.b, grown)
	if err := os.WriteFile(filepath.Join(b.dir, "more"), []byte("more"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "add", "--append", grown, filepath.Join(b.dir, "more"))
	bzip2 := func(in string) []byte {
		cmd := exec.Command("sh", "-c", tools.Path(t, "tar")+" -C "+filepath.Join(b.dir, in)+
			" -cf - . | "+tools.Path(t, "bzip2"))
		return tools.Must(t, cmd)
	}
	for name, parts := range map[string][][]byte{
		"two archives":                 {a, bb},
		"two archives, the other way":  {bb, a},
		"foreign first":                {foreign, a},
		"foreign last":                 {a, foreign},
		"foreign around":               {foreign, a, foreign, bb, foreign},
		"zeros in between":             {foreign, make([]byte, 512), a, make([]byte, 1024), foreign},
		"one that has grown, in front": {read(t, grown), a},
		"one that has grown, behind":   {a, read(t, grown)},
		"bzip2 last":                   {a, bzip2("tb")},
	} {
		t.Run(name, func(t *testing.T) {
			in := slices.Concat(parts...)
			out := filepath.Join(tools.Dir(t), "out.tar.gz")
			cmd := exec.Command(tools.TPK(t), "convert", "-q", "-", out)
			cmd.Stdin = bytes.NewReader(in)
			if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
				t.Fatal(r)
			}
			must(t, "verify", out)
			dir := tools.Dir(t)
			cmd = exec.Command(tools.Path(t, "tar"), "--ignore-zeros", "-xpzf", "-", "-C", dir)
			if name == "bzip2 last" { // GNU tar reads one format
				cmd = exec.Command("sh", "-c", "tar -xpzf "+b.a+" -C "+dir+" && cp -p --remove-destination "+
					filepath.Join(b.dir, "tb")+"/* "+dir)
			}
			cmd.Stdin = bytes.NewReader(bytes.Join(slices.DeleteFunc(parts, isZeros), nil))
			tools.Must(t, cmd)
			want, err := trees.Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			rules := trees.Rules{Merged: true, IgnoreTime: true}
			for _, line := range trees.Diff(want, extracted(t, out), rules) {
				t.Error(line)
			}
			// "one" may be replaced, but d/two and d/three are files of their own in any case.
			x := filepath.Join(dir, "extracted")
			must(t, "extract", "-C", x, out)
			files := []os.FileInfo{}
			for _, name := range []string{"one", "d/two", "d/three", "d/name"} {
				fi, err := os.Stat(filepath.Join(x, name))
				if err != nil {
					t.Fatal(err)
				}
				for _, other := range files {
					if os.SameFile(fi, other) && !(other.Name() == "one" && name == "d/name") {
						t.Errorf("%s and %s are one file", other.Name(), name)
					}
				}
				files = append(files, fi)
			}
		})
	}
}

// isZeros reports whether b is padding, which gzip reads at the end only.
func isZeros(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// TestConvertBadArchive converts archives that are damaged, cut off, of a newer version, or with
// other bytes behind them. Each is refused with one line that names the input.
func TestConvertBadArchive(t *testing.T) {
	b := newCopyBed(t)
	a := read(t, b.a)
	flipped := slices.Clone(a)
	flipped[len(a)/2] ^= 1
	newer := slices.Clone(a)
	newer[len(a)-64+17] = 9
	bits := slices.Clone(a) // one bit that says which links are duplicates
	i := bytes.Index(bits, []byte("\x04\x00\x00\x00\x00\x00\xff\x06\x00TP\x02\x00G"))
	if i < 0 {
		t.Fatal("no group has duplicates")
	}
	bits[i+14] ^= 4 // of d/name
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"flipped":          {flipped, "'tpk repair'"},
		"cut off":          {a[:len(a)-100], "truncated"},
		"behind another":   {slices.Concat(a, flipped), "'tpk repair'"},
		"cut off, behind":  {slices.Concat(a, a[:len(a)-100]), "truncated"},
		"newer":            {newer, "use a newer tpk"},
		"other bytes":      {slices.Concat(a, []byte("other bytes")), "other bytes follow"},
		"duplicates' bits": {bits, "not as it was packed"},
	} {
		in := filepath.Join(b.dir, "in.tar.gz")
		if err := os.WriteFile(in, c.in, 0o600); err != nil {
			t.Fatal(err)
		}
		work := tools.Dir(t)
		for _, flags := range [][]string{nil, {"--dry-run"}} {
			args := slices.Concat([]string{"convert"}, flags, []string{in, filepath.Join(work, "x.tar.gz")})
			r := tpk(t, args...)
			line := string(r.Err)
			if r.Code != 1 || strings.Count(line, "\n") != 1 || !strings.Contains(line, c.want) ||
				!strings.HasPrefix(line, "tpk: "+in+": ") {
				t.Errorf("%s: %v", name, r)
			}
		}
		wantOnly(t, work)
	}
}

// TestConvertAdvised: where another program's archive follows an archive, each command names
// what helps, and none changes it. Convert makes what TestConvertConcatenated compares, and repair
// writes the archive without what follows.
func TestConvertAdvised(t *testing.T) {
	b := newCopyBed(t)
	a := read(t, b.a)
	tb := filepath.Join(b.dir, "tb")
	make1 := func(command string) []byte {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = tb
		return tools.Must(t, cmd)
	}
	python := tools.Path(t, "python3")
	for name, rest := range map[string][]byte{
		"gzip": read(t, b.foreign), "small gzip": make1("tar -czf - ."),
		"gzip with a name": make1("tar -cf ../x.tar . && gzip -c ../x.tar"),
		"gzip like Go's": slices.Concat([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"),
			make1("tar -czf - .")[10:]),
		"tar":     make1("tar -cf - ."),
		"old tar": make1("tar --format=v7 -cf - ."),
		"zip":     make1(tools.Path(t, "zip") + " -qr - ."),
		"xz":      make1("tar -cf - .|" + tools.Path(t, "xz")),
		"zstd":    make1("tar -cf - .|" + tools.Path(t, "zstd")),
		"bzip2":   make1("tar -cf - .|" + tools.Path(t, "bzip2")),
		"Python's": make1(python + " -c 'import tarfile, sys\n" +
			"t = tarfile.open(fileobj=sys.stdout.buffer, mode=\"w|gz\")\nt.add(\".\")\nt.close()'"),
		"zeros, then a gzip": append(make([]byte, 10240), read(t, b.foreign)...),
	} {
		t.Run(name, func(t *testing.T) {
			work := tools.Dir(t)
			in, out := filepath.Join(work, "m.tar.gz"), filepath.Join(work, "out.tar.gz")
			both := slices.Concat(a, rest)
			if err := os.WriteFile(in, both, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"ls", in}, {"extract", in, filepath.Join(work, "x")},
				{"add", in, tb}, {"index", in}, {"repair", in}} {
				r := tpk(t, args...)
				if r.Code != 1 || !strings.Contains(string(r.Err), "'tpk convert' makes one archive") ||
					!strings.Contains(string(r.Err), "'tpk repair ARCHIVE OUT.tar.gz' writes the first") {
					t.Error(r)
				}
			}
			first := filepath.Join(work, "first.tar.gz")
			must(t, "repair", in, first)
			must(t, "diff", b.a, first)
			if !bytes.Equal(read(t, in), both) {
				t.Error("it was changed")
			}
			must(t, "convert", "-q", in, out)
			must(t, "verify", out)
		})
	}
}
