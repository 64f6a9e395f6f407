package readers

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// zipReaders are programs that extract a zip, with their known limits.
var zipReaders = []reader{
	{
		name:  "unzip",
		rules: trees.Rules{IgnoreSymlinkTime: true},
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			cmd := exec.Command(tools.Path(t, "unzip"), "-q", "-o", "-^", "-K", "-:", archive, "-d", dir)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			return cmd
		},
		limits: map[string]limit{"empty": {why: "it warns of a zip without entries", code: 1}},
	},
	{
		name: "bsdtar",
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			cmd := exec.Command(tools.Path(t, "bsdtar"), "-xpPf", archive, "-C", dir)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			return cmd
		},
		limits: map[string]limit{"names": {
			why:  "UTF-8 names come out in normal form C",
			drop: func(p string, _ trees.State) bool { return strings.ContainsRune(p, '\u0308') },
		}},
	},
	{
		name:  "7z",
		rules: trees.Rules{DirModeMask: 0o700},
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			cmd := exec.Command("sh", "-c", `umask 0; exec "$@"`, "sh", tools.Path(t, "7z"), "x", "-y",
				"-snld", archive, "-o"+dir)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			return cmd
		},
		limits: map[string]limit{
			"links": {
				why:  "it refuses or rewrites symbolic links to absolute paths, with dots, or to links",
				code: 2,
				drop: func(p string, _ trees.State) bool {
					return slices.Contains([]string{"absolute", "absolute-dangling", "dot", "dotdot", "dots",
						"double", "loop-b", "to-link", "up"}, p)
				},
			},
			"modes": {why: "it drops setuid, setgid and sticky bits",
				rules: trees.Rules{ModeMask: 0o7000, DirModeMask: 0o7000}},
			"raw-names":      {why: "it takes names that are not UTF-8 for code page 437", skip: true},
			"long-raw-names": {why: "it takes names that are not UTF-8 for code page 437", skip: true},
		},
	},
	{name: "Go archive/zip", extract: goUnzip, rules: trees.Rules{IgnoreSymlinkTime: true}},
}

// zipLimits are the limits of the format itself. It cannot hold some times. Files have no owner,
// and so neither setuid nor setgid bits. In names tpk writes a backslash, which half of the readers
// take for a slash, as a fullwidth one.
var zipLimits = map[string]limit{
	"times":     {rules: trees.Rules{IgnoreTime: true, IgnoreDirTime: true, IgnoreSymlinkTime: true}},
	"old-times": {rules: trees.Rules{IgnoreTime: true, IgnoreDirTime: true, IgnoreSymlinkTime: true}},
	"modes":     {rules: trees.Rules{ModeMask: 0o6000}},
	"names": {drop: func(p string, _ trees.State) bool {
		return strings.ContainsAny(p,
			"\\\uff3c")
	}},
}

// withZipLimits returns a reader of zips with the limits of the format for a tree added to its own.
func withZipLimits(r reader, tree string) reader {
	own, common := r.limits[tree], zipLimits[tree]
	own.rules = own.rules.Or(common.rules)
	if drop := own.drop; drop == nil {
		own.drop = common.drop
	} else if common.drop != nil {
		own.drop = func(p string, st trees.State) bool { return drop(p, st) || common.drop(p, st) }
	}
	r.rules.IgnoreLinks = true // zip has no hard links
	r.limits = map[string]limit{tree: own}
	return r
}

// zipTesters are programs that read a whole zip and report whether it is intact.
var zipTesters = []struct {
	name    string
	command func(t *testing.T, archive string) *exec.Cmd
}{
	{"unzip -t", func(t *testing.T, archive string) *exec.Cmd {
		return exec.Command(tools.Path(t, "unzip"), "-tqq", archive)
	}},
	{"7z t", func(t *testing.T, archive string) *exec.Cmd {
		return exec.Command(tools.Path(t, "7z"),
			"t", archive)
	}},
	{"Python zipfile", func(t *testing.T, archive string) *exec.Cmd {
		return exec.Command(python(t), "-c", `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    bad = z.testzip()
    sys.exit(bad and f"bad: {bad}")
`, archive)
	}},
	{"bsdtar -t", func(t *testing.T, archive string) *exec.Cmd {
		return exec.Command(tools.Path(t, "bsdtar"), "-tf", archive)
	}},
}

// exported runs tpk export, which must print nothing, and returns the name of the result.
func exported(t *testing.T, archive, name string, flags ...string) string {
	t.Helper()
	out := filepath.Join(tools.Dir(t), name)
	if r := fixture.Run(t, append(append([]string{"export"}, flags...), archive,
		out)...); r.Code != 0 || len(r.Out) > 0 || len(r.Err) > 0 {
		t.Fatal(r)
	}
	return out
}

func TestZips(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			zip := &fixture.Tree{Archive: exported(t, f.Archive, "out.zip"), Snap: f.Snap}
			for _, z := range zipTesters {
				t.Run(z.name, func(t *testing.T) {
					if r := tools.Run(t, z.command(t, zip.Archive)); r.Code != 0 &&
						(c.Name != "empty" || r.Code != 1) {
						t.Error(r)
					}
				})
			}
			for _, r := range zipReaders {
				t.Run(r.name, func(t *testing.T) { withZipLimits(r, c.Name).check(t, zip, c.Name, nil) })
			}
		})
	}
}

// TestFolders exports the directories near the root of each tree, verifies the results and extracts
// them with GNU tar. Links to files outside must come out as files.
func TestFolders(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		if c.Name == "crowd" || c.Name == "copies" {
			continue // all of their directories are alike
		}
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			n := 0
			for _, folder := range f.Snap.Paths() {
				if f.Snap[folder].Kind != trees.KindDir || strings.Count(folder, "/") > 1 || n == 12 {
					continue
				}
				n++
				out := exported(t, f.Archive+":"+folder, "out.tar.gz")
				if r := fixture.Run(t, "verify", out); r.Code != 0 {
					t.Error(r)
				}
				dir := tools.Dir(t)
				readers[0].run(t, out, dir, limit{}, nil)
				want := f.Snap.Without(func(p string, _ trees.State) bool {
					return p != folder && !strings.HasPrefix(p, folder+"/") && !strings.HasPrefix(folder, p+"/")
				})
				fixture.Diff(t, want, dir, trees.Rules{IgnoreLinks: true, Merged: true})
			}
		})
	}
}

// TestSingleMember checks that tpk export --single-member makes one member, which GNU tar extracts.
func TestSingleMember(t *testing.T) {
	f := fixture.Packed(t, trees.Named{Name: "duplicates", Tree: trees.Duplicates()})
	out := exported(t, f.Archive, "single.tar.gz", "--single-member")
	dir := tools.Dir(t)
	readers[0].run(t, out, dir, limit{}, nil)
	fixture.Diff(t, f.Snap, dir, trees.Rules{Merged: true})
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(b)
	z, err := gzip.NewReader(rest)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	if _, err := io.Copy(io.Discard, z); err != nil || rest.Len() > 0 {
		t.Errorf("%d bytes after the first member, %v", rest.Len(), err)
	}
}

// goUnzip extracts a zip with archive/zip.
func goUnzip(archive, dir string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	// a directory comes after its files, so that its time stays
	slices.SortFunc(z.File, func(a, b *zip.File) int { return strings.Compare(b.Name, a.Name) })
	for _, f := range z.File {
		name := filepath.Join(dir, f.Name)
		r, err := f.Open()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		switch f.Mode().Type() {
		case fs.ModeSymlink:
			if err := os.Symlink(string(content), name); err != nil {
				return err
			}
			continue
		case fs.ModeDir:
			err = os.MkdirAll(name, 0o755)
		default:
			err = os.WriteFile(name, content, 0o600)
		}
		if err == nil {
			err = os.Chmod(name, f.Mode()&^fs.ModeType)
		}
		if err == nil {
			err = os.Chtimes(name, f.Modified, f.Modified)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TestExportSetIDs checks with zipinfo that files in a zip are neither setuid nor setgid, as it has
// no owners. A directory stays setgid, which makes new files belong to its group.
func TestExportSetIDs(t *testing.T) {
	dir, archive := tools.Dir(t), filepath.Join(tools.Dir(t), "a.tar.gz")
	tree := trees.Tree{trees.File("f", "f").Perm(0o6755), trees.File("empty", "").Perm(0o4755),
		trees.File("sticky", "s").Perm(0o1644), trees.Dir("d").Perm(0o2775)}
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	if r := fixture.Run(t, "pack", "--preserve-owner", dir, archive); r.Code != 0 {
		t.Fatal(r)
	}
	list := exec.Command(tools.Path(t, "zipinfo"), exported(t, archive, "a.zip"))
	got := string(tools.Must(t, list))
	for name, mode := range map[string]string{"f": "-rwxr-xr-x", "empty": "-rwxr-xr-x",
		"sticky": "-rw-r--r-T", "d/": "drwxrwsr-x"} {
		if !regexp.MustCompile(`(?m)^` + mode + ` .* ` + name + `$`).MatchString(got) {
			t.Errorf("%s is not %s:\n%s", name, mode, got)
		}
	}
	r := fixture.Run(t, "ls", "-l", archive)
	if !strings.Contains(string(r.Out), "rwsr-sr-x") {
		t.Errorf("the archive has no setuid file: %v", r)
	}
}
