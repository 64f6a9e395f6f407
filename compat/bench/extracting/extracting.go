// Package extracting measures extraction from archives: all files, one, and a thousand.
package extracting

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// Run measures all trees.
func Run(b *measure.Bench) error {
	real := trees.Real(b)
	real = real[:min(2, len(real))]
	photos, err := trees.Photos(b)
	if err != nil {
		return err
	}
	for i, t := range append(real, photos) {
		x, err := prepare(b, t)
		if err != nil {
			return err
		}
		rounds := 1
		if i == 0 {
			rounds = b.Rounds
			if err := x.some(b, t); err != nil {
				return err
			}
		}
		if err := x.all(b, t, rounds); err != nil {
			return err
		}
		b.Discard(x.dir)
	}
	return nil
}

// archives are the archives of one tree.
type archives struct {
	dir, tpk, zip, squashfs string
}

func prepare(b *measure.Bench, t trees.Tree) (x archives, err error) {
	if x.dir, err = b.Dir("extract"); err != nil {
		return x, err
	}
	if x.tpk, err = t.Archive(b); err != nil {
		return x, err
	}
	if b.Have("zip") && b.Have("unzip") {
		x.zip = filepath.Join(x.dir, "a.zip")
		if err := measure.Run("sh", "-c", `cd "$1" && zip -6 -q -r -y "$2" .`, "sh", t.Dir,
			x.zip); err != nil {
			return x, err
		}
	}
	if b.Have("mksquashfs") && b.Have("unsquashfs") {
		x.squashfs = filepath.Join(x.dir, "squashfs")
		if err := measure.Run("mksquashfs", t.Dir, x.squashfs, "-comp", "gzip", "-noappend", "-quiet",
			"-no-progress"); err != nil {
			return x, err
		}
	}
	return x, nil
}

// contest measures commands that write into a directory. It replaces OUT and is new each time.
func (x archives) contest(b *measure.Bench, name string, rounds int, list []command) error {
	var contestants []measure.Contestant
	for _, c := range list {
		if slices.Contains(c.args, "") || !b.Have(c.args[0]) { // its archive is missing
			continue
		}
		out := filepath.Join(x.dir, "out-"+c.tool)
		var args []string
		for _, a := range c.args {
			args = append(args, strings.ReplaceAll(a, "OUT", out))
		}
		contestants = append(contestants, measure.Contestant{
			Tool:    c.tool,
			Command: args,
			Prepare: func() error {
				if err := b.Aside(out); err != nil {
					return err
				}
				return os.Mkdir(out, 0o755)
			},
			Check: func([]measure.Value) error { return count(out, c.files) },
		})
	}
	return b.Contest(name, rounds, contestants)
}

// A command has a name and a number of files that it must extract, or 0 for any number.
type command struct {
	tool  string
	files int
	args  []string
}

func (x archives) all(b *measure.Bench, t trees.Tree, rounds int) error {
	paths, err := t.Paths()
	if err != nil {
		return err
	}
	n := len(paths)
	return x.contest(b, "Extract/tree="+t.Name, rounds, []command{
		{"tpk", n, []string{b.Tpk, "extract", "-C", "OUT", x.tpk}},
		{"tpk-hard-links", n, []string{b.Tpk, "extract", "--hard-links", "-C", "OUT", x.tpk}},
		{"tar", n, []string{"tar", "-xzf", x.tpk, "-C", "OUT"}},
		{"bsdtar", n, []string{"bsdtar", "-xzf", x.tpk, "-C", "OUT"}},
		{"unzip", n, []string{"unzip", "-q", x.zip, "-d", "OUT"}},
		{"unsquashfs", n, []string{"unsquashfs", "-q", "-n", "-f", "-d", "OUT", x.squashfs}},
	})
}

// some extracts one file from the middle of the archive, and 1,000 at random.
func (x archives) some(b *measure.Bench, t trees.Tree) error {
	paths, err := t.Paths()
	if err != nil {
		return err
	}
	// Some tools would take a bracket or a star as a pattern.
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.ContainsAny(p, `[]*?\`) })
	middle := paths[len(paths)/2]
	r := rand.New(rand.NewPCG(3, 3))
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	paths = paths[:min(1000, len(paths)/2)]
	list := filepath.Join(x.dir, "list")
	if err := os.WriteFile(list, []byte(strings.Join(paths, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	mnt := filepath.Join(x.dir, "mnt")
	if err := os.Mkdir(mnt, 0o755); err != nil {
		return err
	}
	mounted := `mount -o loop,ro "$1" "$2" && cd "$2" && cp --parents -t "$3" "${@:4}" && cd / && ` +
		`umount "$2"`
	// tar needs the target of a hard link as well. The files are counted only for tools that do
	// not.
	for _, c := range []struct {
		name  string
		paths []string
	}{{"one-file", []string{middle}}, {fmt.Sprintf("%d-files", len(paths)), paths}} {
		with := func(args ...string) []string { return append(args, c.paths...) }
		commands := []command{
			{"tpk", len(c.paths), with(b.Tpk, "extract", "-C", "OUT", x.tpk)},
			{"unzip", len(c.paths), with("unzip", "-q", x.zip, "-d", "OUT")},
			{"unsquashfs", len(c.paths), with("unsquashfs", "-q", "-n", "-f", "-d", "OUT", x.squashfs)},
		}
		if os.Getuid() == 0 && x.squashfs != "" {
			if err := measure.Run("bash", "-c", `mount -o loop,ro "$1" "$2" && umount "$2"`, "bash",
				x.squashfs, mnt); err != nil {
				b.Logf("  without a mounted squashfs: %v", err)
			} else {
				commands = append(commands,
					command{"squashfs", len(c.paths), with("bash", "-c", mounted, "bash", x.squashfs, mnt, "OUT")})
			}
		}
		if c.name == "one-file" {
			commands = append(commands,
				command{"tar", 1, with("tar", "--occurrence=1", "-xzf", x.tpk, "-C", "OUT")},
				command{"bsdtar", 1, with("bsdtar", "-q", "-xzf", x.tpk, "-C", "OUT")})
		} else {
			// Some of the files are links to files that are not on the list, which tar refuses.
			commands = append(commands,
				command{"tar", 0, []string{"sh", "-c",
					`tar -xzf "$1" -C "$2" -T "$3" 2>/dev/null || test $? = 2`, "sh", x.tpk, "OUT", list}})
		}
		if err := x.contest(b, "ExtractSome/tree="+t.Name+"/read="+c.name, b.Rounds,
			commands); err != nil {
			return err
		}
	}
	return nil
}

// count checks the number of files.
func count(dir string, want int) error {
	paths, err := trees.Tree{Dir: dir}.Paths()
	if err == nil && want > 0 && len(paths) != want {
		err = fmt.Errorf("%d files have been extracted, not %d", len(paths), want)
	}
	return err
}
