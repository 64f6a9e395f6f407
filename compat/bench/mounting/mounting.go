// Package mounting measures archives that are mounted: tpk and the file systems that one would use
// instead.
package mounting

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
)

// Run measures the first tree. It needs root.
func Run(b *measure.Bench) error {
	if os.Getuid() != 0 {
		b.Logf("  without mounts: only root can mount")
		return nil
	}
	t, err := trees.First(b)
	if err != nil {
		return err
	}
	dir, err := b.Dir("mount")
	if err != nil {
		return err
	}
	defer b.Discard(dir)
	all, err := systems(b, t, dir)
	if err != nil {
		return err
	}
	paths, err := order(t)
	if err != nil {
		return err
	}
	mnt := filepath.Join(dir, "mnt")
	if err := os.Mkdir(mnt, 0o755); err != nil {
		return err
	}
	if !b.Wanted("Mount/tree=" + t.Name) {
		return nil
	}
	for i := range b.Rounds {
		for j := range all {
			s := &all[(i+j)%len(all)]
			if s.slow && i > 0 {
				continue
			}
			if err := s.measure(b, t, mnt, paths); err != nil {
				return fmt.Errorf("%s: %w", s.tool, err)
			}
		}
	}
	return b.Results.Save()
}

// A system mounts an archive with a command, which ends when that is done.
type system struct {
	tool    string
	command []string // MNT is the directory
	slow    bool     // once, and a few files only: it decompresses from the beginning for each
}

// systems makes the archives.
func systems(b *measure.Bench, t trees.Tree, dir string) (all []system, err error) {
	archive, err := t.Archive(b)
	if err != nil {
		return nil, err
	}
	stored := filepath.Join(dir, "stored.tar.gz")
	if err := measure.Run(b.Tpk, "pack", "-q", "--level", "0", t.Dir, stored); err != nil {
		return nil, err
	}
	log := filepath.Join(dir, "log")
	all = []system{
		{tool: "tpk", command: []string{b.Tpk, "mount", "-q", "--log", log, archive, "MNT"}},
		{tool: "tpk-level-0", command: []string{b.Tpk, "mount", "-q", "--log", log, stored, "MNT"}},
	}
	if b.Have("mksquashfs") {
		image := filepath.Join(dir, "squashfs")
		if err := measure.Run("mksquashfs", t.Dir, image, "-comp", "gzip", "-noappend", "-quiet",
			"-no-progress"); err != nil {
			return nil, err
		}
		all = append(all,
			system{tool: "squashfs", command: []string{"mount", "-o", "loop,ro", image, "MNT"}})
		if b.Have("squashfuse") {
			all = append(all, system{tool: "squashfuse", command: []string{"squashfuse", image, "MNT"}})
		}
	}
	if b.Have("zip") && b.Have("fuse-zip") {
		zip := filepath.Join(dir, "a.zip")
		if err := measure.Run("sh", "-c", `cd "$1" && zip -6 -q -r -y "$2" .`, "sh", t.Dir,
			zip); err != nil {
			return nil, err
		}
		all = append(all, system{tool: "fuse-zip", command: []string{"fuse-zip", "-r", zip, "MNT"}})
	}
	if b.Have("archivemount") {
		all = append(all, system{tool: "archivemount", slow: true,
			command: []string{"archivemount", "-o", "readonly", archive, "MNT"}})
	}
	if b.Have("ratarmount") {
		all = append(all, system{tool: "ratarmount", command: []string{"ratarmount", archive, "MNT"}})
	}
	return all, nil
}

// order returns up to 10,000 files in random order.
func order(t trees.Tree) (paths []string, err error) {
	err = t.Each(func(path string, _ fs.DirEntry) error {
		paths = append(paths, path)
		return nil
	})
	r := rand.New(rand.NewPCG(19, 19))
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths[:min(10_000, len(paths))], err
}

// measure mounts once and reads.
func (s *system) measure(b *measure.Bench, t trees.Tree, mnt string, paths []string) (err error) {
	command := slices.Clone(s.command)
	command[slices.Index(command, "MNT")] = mnt
	if s.slow {
		paths = paths[:min(20, len(paths))]
	}
	start := time.Now()
	if err := measure.Run(command...); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unmount(mnt)) }()
	if _, err := os.ReadDir(mnt); err != nil {
		return err
	}
	mounted := time.Since(start)
	server, err := processOf(mnt)
	if err != nil {
		return err
	}
	name := "Mount/tree=" + t.Name + "/read="
	record := func(what string, values ...measure.Value) {
		b.Results.Record(name+what, s.tool, values...)
		b.Logf("  %-14s %-14s %s", s.tool, what, measure.Format(values[0]))
	}
	record("nothing", measure.Value{Of: mounted.Seconds(), Unit: "sec/op"})
	for _, step := range []struct {
		what string
		per  int
		do   func() error
	}{
		{"names", 1, func() error { return measure.Run("find", mnt, "-size", "+0") }},
		{"random-files", len(paths), func() error { return read(mnt, paths) }},
		{"everything", 1, func() error {
			return measure.Run("sh", "-c", `tar -cf - -C "$1" . | cat >/dev/null`, "sh", mnt)
		}},
	} {
		if s.slow && step.what == "everything" {
			continue
		}
		values, err := server.during(step.do)
		if err != nil && s.slow { // archivemount lists files of deep directories that it doesn't find
			b.Logf("  %-14s %-14s fails", s.tool, step.what)
			continue
		}
		if err != nil {
			return err
		}
		for i := range 2 {
			values[i].Of /= float64(step.per)
		}
		record(step.what, values...)
	}
	return nil
}

// read reads files.
func read(mnt string, paths []string) error {
	for _, path := range paths {
		f, err := os.Open(filepath.Join(mnt, path))
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// unmount waits until nobody uses the mount any more.
func unmount(mnt string) error {
	var err error
	for range 100 {
		if err = exec.Command("umount", mnt).Run(); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("umount %s: %w", mnt, err)
}
