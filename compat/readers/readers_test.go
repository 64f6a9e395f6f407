package readers

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A reader is a program that extracts a .tar.gz.
type reader struct {
	name    string
	command func(t *testing.T, archive, dir string, flags ...string) *exec.Cmd
	extract func(archive, dir string) error // takes the place of a command
	rules   trees.Rules                     // what it never restores
	limits  map[string]limit                // by tree
	root    map[string]string               // trees that only root can extract with it, and why
}

// A limit is a known difference of a reader, and what is not compared because of it.
type limit struct {
	why   string
	skip  bool                                   // the whole tree
	drop  func(path string, st trees.State) bool // these paths
	flags []string                               // added to the command
	code  int                                    // the exit status
	user  int                                    // the exit status of users other than root, if larger
	rules trees.Rules                            // further differences that are allowed
}

// readers are programs that people extract archives with. Each extracts each tree.
var readers = []reader{
	{
		name: "GNU tar",
		command: func(t *testing.T, archive, dir string, flags ...string) *exec.Cmd {
			return exec.Command(tools.Path(t, "tar"), append(flags, "-xpzf", archive, "-C", dir)...)
		},
	},
	{
		name: "bsdtar",
		command: func(t *testing.T, archive, dir string, flags ...string) *exec.Cmd {
			cmd := exec.Command(tools.Path(t, "bsdtar"), append(flags, "-xpzf", archive, "-C", dir)...)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			return cmd
		},
		limits: map[string]limit{
			"names": {
				why:   "without -P it cuts off a drive letter; PAX paths come out in normal form C",
				flags: []string{"-P"},
				drop:  func(p string, _ trees.State) bool { return strings.ContainsRune(p, '\u0308') },
			},
		},
	},
	{
		name:  "busybox tar",
		rules: trees.Rules{IgnoreDirTime: true, IgnoreSymlinkTime: true},
		root: map[string]string{
			"read-only": "it sets a directory's mode before it fills it", "modes": "as above",
			"closed": "as above",
		},
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			return exec.Command(tools.Path(t, "busybox"), "tar", "xpzf", archive, "-C", dir)
		},
	},
	{
		name:  "Python tarfile",
		rules: trees.Rules{IgnoreSymlinkTime: true},
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			return exec.Command(python(t), "-c", `
import sys, tarfile
trust = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
with tarfile.open(sys.argv[1], errorlevel=2) as t:
    t.extractall(sys.argv[2], **trust)
`, archive, dir)
		},
	},
	{
		name:  "7z",
		rules: trees.Rules{DirModeMask: 0o700}, // it leaves its directories writable
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			const script = `umask 0; "$1" x -so -tgzip "$2" | "$1" x -y -snld -si -ttar -o"$3"`
			return exec.Command("sh", "-c", script, "sh", tools.Path(t, "7z"), archive, dir)
		},
		limits: map[string]limit{
			"modes": {why: "it drops setuid, setgid and sticky bits", rules: trees.Rules{ModeMask: 0o7000}},
			"links": {
				why:  "it refuses or rewrites symbolic links to absolute paths, with dots, or to links",
				code: 2,
				drop: func(p string, _ trees.State) bool {
					return slices.Contains([]string{"absolute", "absolute-dangling", "dot", "dotdot", "dots",
						"double", "loop-b", "to-link", "up"}, p)
				},
			},
		},
	},
	{
		name:  "node-tar",
		rules: trees.Rules{IgnoreDirTime: true, IgnoreSymlinkTime: true, DirModeMask: 0o700},
		command: func(t *testing.T, archive, dir string, _ ...string) *exec.Cmd {
			node := tools.Path(t, "node")
			module := filepath.Join(tools.Repo(t), ".work", "npm", "node_modules", "tar")
			if _, err := os.Stat(module); err != nil {
				tools.Missing(t, "node-tar (npm install of tar in .work/npm)")
			}
			return exec.Command(node, "-e", `
const tar = require(process.argv[1])
process.umask(0)
tar.x({
  file: process.argv[2], cwd: process.argv[3],
  preservePaths: true, strict: true, sync: true, maxDepth: Infinity
})
`, module, archive, dir)
		},
		limits: map[string]limit{
			"empty": {why: "it takes a tar without entries for no tar", code: 1},
			"modes": {why: "it drops setuid and setgid bits of directories",
				rules: trees.Rules{DirModeMask: 0o6000}},
			"raw-names":      {why: "it takes every name for UTF-8", skip: true},
			"long-raw-names": {why: "it takes every name for UTF-8", skip: true},
		},
	},
	{name: "Go archive/tar", extract: goExtract},
}

// python returns the name of an interpreter that every user may run.
func python(t *testing.T) string {
	const system = "/usr/bin/python3"
	if _, err := os.Stat(system); err == nil {
		return system
	}
	return tools.Path(t, "python3")
}

// tpkReaders are the two ways in which tpk extracts.
var tpkReaders = []reader{
	{
		name:    "tpk extract",
		command: tpkExtract,
		rules:   trees.Rules{IgnoreLinks: true},
		limits: map[string]limit{
			"modes": {why: "without --special it refuses setuid and setgid bits", code: 1,
				rules: trees.Rules{ModeMask: 0o6000}},
		},
	},
	{
		name: "tpk extract --hard-links",
		limits: map[string]limit{"modes": {
			why:   "setuid and setgid bits must be asked for; root's are restored by root only",
			flags: []string{"--special"}, user: 1,
		}},
		command: func(t *testing.T, archive, dir string, flags ...string) *exec.Cmd {
			return tpkExtract(t, archive, dir, append(flags, "--hard-links")...)
		},
	},
}

func tpkExtract(t *testing.T, archive, dir string, flags ...string) *exec.Cmd {
	return exec.Command(tools.TPK(t), append(append([]string{"extract"}, flags...), "-C", dir,
		archive)...)
}

// TestReaders extracts every tree of the catalogue with every reader, as the current user.
func TestReaders(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			for _, r := range slices.Concat(readers, tpkReaders) {
				t.Run(r.name, func(t *testing.T) { r.check(t, f, c.Name, nil) })
			}
		})
	}
}

// TestReadersAsNobody extracts as a user other than root, who may not write to a read-only
// directory of their own.
func TestReadersAsNobody(t *testing.T) {
	tools.Root(t)
	for _, c := range fixture.Catalogue() {
		if !slices.Contains([]string{"read-only", "modes", "times", "links", "duplicates", "copies",
			"closed"}, c.Name) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			for _, r := range slices.Concat(readers, tpkReaders) {
				if r.command == nil || r.root[c.Name] != "" {
					continue
				}
				t.Run(r.name, func(t *testing.T) {
					r.check(t, f, c.Name, func(cmd *exec.Cmd) {
						if cmd.Path == tools.TPK(t) {
							cmd.Path = fixture.PublicTPK(t, tools.Dir(t))
						}
						env := cmd.Env
						tools.As(cmd, tools.Nobody)
						cmd.Env = append(cmd.Env, env...)
					})
				})
			}
		})
	}
}

// TestCopies counts the links of duplicates. NTFS refuses the 1,025th name of a file.
func TestCopies(t *testing.T) {
	f := fixture.Packed(t, trees.Named{Name: "copies", Tree: trees.Copies(3000)})
	dir := tools.Dir(t)
	readers[0].run(t, f.Archive, dir, limit{}, nil)
	files := map[string]int{}
	for _, st := range fixture.ReadTree(t, dir) {
		if st.Kind == trees.KindFile && st.Size > 0 {
			files[st.First] = st.Links
		}
	}
	for first, links := range files {
		if links > 1001 {
			t.Errorf("%s has %d names", first, links)
		}
	}
	if len(files) != 3 {
		t.Errorf("the 3,000 copies are %d files, want 3", len(files))
	}
}

// check extracts an archive and compares the result with the tree. change may alter the command
// first.
func (r reader) check(t *testing.T, f *fixture.Tree, tree string, change func(*exec.Cmd)) {
	t.Helper()
	l := r.limits[tree]
	if l.skip {
		t.Skip(l.why)
	}
	dir := tools.Dir(t)
	if change != nil {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	r.run(t, f.Archive, dir, l, change)
	want, got, rules := f.Snap, fixture.ReadTree(t, dir), r.rules.Or(l.rules)
	if change != nil || os.Getuid() != 0 {
		rules.ModeMask |= 0o6000 // some readers drop them if the owner changes
	}
	rules.Merged = true
	if l.drop != nil {
		want, got = want.Without(l.drop), got.Without(l.drop)
	}
	for _, line := range trees.Diff(want, got, rules) {
		t.Error(line)
	}
}

// run extracts an archive. The test fails unless the reader ends with the limit's exit status.
func (r reader) run(t *testing.T, archive, dir string, l limit, change func(*exec.Cmd)) {
	t.Helper()
	if r.extract != nil {
		if err := r.extract(archive, dir); err != nil {
			t.Error(err)
		}
		return
	}
	cmd := r.command(t, archive, dir, l.flags...)
	if change != nil {
		change(cmd)
	}
	code := l.code
	if change != nil || os.Getuid() != 0 {
		code = max(code, l.user)
	}
	if res := tools.Run(t, cmd); res.Code != code {
		t.Error(res)
	}
}
