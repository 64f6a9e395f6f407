// Package trees has the trees that are measured: real ones, and generated ones, which are the same
// on every machine.
//
//	rust-doc     the documentation of Rust: 32,777 files, 511 MB, much of it alike
//	jdk-doc      that of Java 17: 10,290 files
//	goroot       the Go toolchain: source and programs
//	net          a small part of it, for trying out
//	files-N      N files of 0 to 8 KiB, compressible 3 : 1, in directories of 1,000
//	photos-N     N MB of files of 1 to 8 MiB that do not compress
//	large-N      one file of N GB: a quarter text, a quarter noise, half a sparse table
package trees

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// A Tree is a directory.
type Tree struct {
	Name, Dir string
}

// Real returns the real trees that are available here.
func Real(b *measure.Bench) []Tree {
	if b.Quick {
		return []Tree{{"net", filepath.Join(goroot(), "src/net")}}
	}
	var all []Tree
	for _, t := range []struct {
		name    string
		command []string
	}{
		{"rust-doc", []string{filepath.Join(b.Root, "compat/get-tree.sh"), "rust-doc"}},
		{"jdk-doc", []string{filepath.Join(b.Root, "compat/get-tree.sh"), "openjdk-17-doc"}},
		{"goroot", []string{"go", "env", "GOROOT"}},
	} {
		out, err := exec.Command(t.command[0], t.command[1:]...).Output()
		if err != nil {
			b.Logf("without the tree %s: %v", t.name, err)
			continue
		}
		dir := strings.TrimSpace(string(out))
		if t.name == "rust-doc" && !strings.Contains(dir, "rust-doc") {
			continue // the script has fallen back to the Go toolchain
		}
		all = append(all, Tree{t.name, dir})
	}
	return all
}

// goroot returns the directory of the Go toolchain.
func goroot() string {
	out, _ := exec.Command("go", "env", "GOROOT").Output() // a caller reports a missing directory
	return strings.TrimSpace(string(out))
}

// First returns the tree that most families use, rust-doc if it is available.
func First(b *measure.Bench) (Tree, error) {
	if all := Real(b); len(all) > 0 {
		return all[0], nil
	}
	return Tree{}, fmt.Errorf("no tree to be had")
}

// Files returns a tree of n small files.
func Files(b *measure.Bench, n int) (Tree, error) {
	return once(b, fmt.Sprintf("files-%d", n), func(dir string) error { return smallFiles(dir, n) })
}

// Photos returns a tree of files that do not compress.
func Photos(b *measure.Bench) (Tree, error) {
	megabytes := 300
	if b.Quick {
		megabytes = 10
	}
	return once(b, fmt.Sprintf("photos-%d", megabytes),
		func(dir string) error { return photos(dir, int64(megabytes)*1e6) })
}

// LargeName is the name of the tree that Large returns.
func LargeName(size int64) string {
	if size < 1<<30 {
		return fmt.Sprintf("large-%dM", size>>20)
	}
	return fmt.Sprintf("large-%d", size>>30)
}

// Large returns a tree of one large file.
func Large(b *measure.Bench, size int64) (Tree, error) {
	return once(b, LargeName(size),
		func(dir string) error { return WriteFile(filepath.Join(dir, "large.bin"), size, Mixed) })
}

// once makes a tree and keeps it for later runs.
func once(b *measure.Bench, name string, fill func(dir string) error) (Tree, error) {
	t := Tree{name, filepath.Join(b.Trees, name)}
	if _, err := os.Stat(t.Dir); err == nil {
		return t, nil
	}
	b.Logf("making the tree %s", name)
	if err := os.MkdirAll(b.Trees, 0o755); err != nil {
		return t, err
	}
	tmp, err := os.MkdirTemp(b.Trees, ".making-")
	if err != nil {
		return t, err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return t, err
	}
	if err := fill(tmp); err != nil {
		return t, err
	}
	return t, os.Rename(tmp, t.Dir)
}

// ArchiveName returns the name of the archive of a tree.
func (t Tree) ArchiveName(b *measure.Bench) string {
	return b.Path("archive-" + t.Name +
		".tar.gz")
}

// Archive packs a tree with tpk, once for all families of a run.
func (t Tree) Archive(b *measure.Bench) (string, error) {
	name := t.ArchiveName(b)
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	b.Logf("packing %s", t.Name)
	return name, measure.Run(b.Tpk, "pack", t.Dir, name)
}

// Each calls do for each regular file of a tree, with its path in the tree.
func (t Tree) Each(do func(path string, d fs.DirEntry) error) error {
	return filepath.WalkDir(t.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		path, err := filepath.Rel(t.Dir, name)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(path), d)
	})
}

// Paths returns the regular files of a tree, in the order of the walk.
func (t Tree) Paths() (all []string, err error) {
	err = t.Each(func(path string, _ fs.DirEntry) error {
		all = append(all, path)
		return nil
	})
	return all, err
}
