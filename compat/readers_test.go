package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A reader is a program that extracts a .tar.gz.
type reader struct {
	name    string
	command func(t *testing.T, archive, dir string) *exec.Cmd
	extract func(archive, dir string) error // instead of a command
	rules   trees.Rules
	limits  map[string]limit // by tree; "" is for all
}

// A limit is what a reader is known to do wrong, and what is not compared for that reason.
type limit struct {
	why  string
	skip bool                                   // the whole tree
	drop func(path string, st trees.State) bool // these paths
	code int                                    // the exit status that goes with it
	also trees.Rules                            // further differences that are allowed
}

// readers are the programs whose users have nothing but what they have: each extracts each tree.
var readers = []reader{
	{
		name: "GNU tar",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			return exec.Command(tools.Path(t, "tar"), "xpzf", archive, "-C", dir)
		},
	},
	{
		name: "bsdtar",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			cmd := exec.Command(tools.Path(t, "bsdtar"), "xpzf", archive, "-C", dir)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
			return cmd
		},
	},
	{
		name: "busybox tar",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			return exec.Command(tools.Path(t, "busybox"), "tar", "xpzf", archive, "-C", dir)
		},
	},
	{
		name: "Python tarfile",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			return exec.Command(tools.Path(t, "python3"), "-c", `
import sys, tarfile
with tarfile.open(sys.argv[1], errorlevel=2) as t:
    t.extractall(sys.argv[2], filter="fully_trusted")
`, archive, dir)
		},
	},
	{
		name: "7z",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			z := tools.Path(t, "7z")
			return exec.Command("sh", "-c", `"$1" x -so -tgzip "$2" | "$1" x -y -snld -si -ttar -o"$3"`, "sh", z, archive, dir)
		},
	},
	{
		name: "node-tar",
		command: func(t *testing.T, archive, dir string) *exec.Cmd {
			node := tools.Path(t, "node")
			module := filepath.Join(tools.Repo(t), ".work", "npm", "node_modules", "tar")
			if _, err := os.Stat(module); err != nil {
				tools.Missing(t, "node-tar (npm install of tar in .work/npm)")
			}
			return exec.Command(node, "-e", `
const tar = require(process.argv[1])
tar.x({ file: process.argv[2], cwd: process.argv[3], preservePaths: true, strict: true, sync: true, umask: 0, maxDepth: Infinity })
`, module, archive, dir)
		},
	},
	{name: "Go archive/tar", extract: goExtract},
}

// TestReaders extracts every tree of the catalogue with every reader, as the user who runs the tests.
func TestReaders(t *testing.T) {
	for _, c := range trees.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := packed(t, c)
			for _, r := range readers {
				t.Run(r.name, func(t *testing.T) {
					l, limited := r.limits[c.Name]
					if !limited {
						l = r.limits[""]
					}
					if l.skip {
						t.Skip(l.why)
					}
					dir := tools.Dir(t)
					r.run(t, f.archive, dir, l.code)
					want, rules := f.snap, r.rules.Or(l.also)
					rules.Merged = true
					if l.drop != nil {
						want = want.Without(l.drop)
					}
					diff(t, want, dir, rules)
				})
			}
		})
	}
}

// run extracts an archive, and fails the test when the reader does not end with code.
func (r reader) run(t *testing.T, archive, dir string, code int) {
	t.Helper()
	if r.extract != nil {
		if err := r.extract(archive, dir); err != nil {
			t.Error(err)
		}
		return
	}
	if res := tools.Run(t, r.command(t, archive, dir)); res.Code != code {
		t.Error(res)
	}
}
