package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// pack times packing.
func (b *bench) pack() error {
	files, bytes, err := b.warm()
	if err != nil {
		return err
	}
	fmt.Printf("\npacking %s: %d files, %.1f MB, %d cores\n", b.tree, files, float64(bytes)/1e6, runtime.NumCPU())
	archive, other, zipped := b.path("a.tar.gz"), b.path("other.tar.gz"), b.path("a.zip")
	pigz := fmt.Sprintf(`tar -C "$1" -cf - . | pigz -6 -p %d > "$2"`, runtime.NumCPU())
	ours := &contestant{name: "tpk pack --level 6", command: []string{b.tpk, "pack", "--level", "6", b.tree, archive}}
	theirs := &contestant{name: "tar c | pigz -6", command: []string{"sh", "-c", pigz, "sh", b.tree, other}}
	if err := contest(b.runs, []*contestant{ours, theirs}); err != nil {
		return err
	}
	if _, err := execute("sh", "-c", `cd "$1" && zip -6 -q -r -y "$2" .`, "sh", b.tree, zipped); err != nil {
		return err
	}
	sizes := map[string]float64{}
	for _, name := range []string{archive, archive + ".tpi", other, zipped} {
		fi, err := os.Stat(name)
		if err != nil {
			return err
		}
		sizes[name] = float64(fi.Size()) / 1e6
		fmt.Printf("%-28s %10.1f MB\n", filepath.Base(name), sizes[name])
	}
	b.promise("pack: wall time, of tar c | pigz -6", ours.wall()/theirs.wall(), 0.80, "")
	b.promise("pack: archive, of zip -6", sizes[archive]/sizes[zipped], 1, "")
	b.promise("pack: peak memory", ours.memory()/1e6, 150, "MB")
	return nil
}

// extract times extracting.
func (b *bench) extract() error {
	archive := b.path("x.tar.gz")
	if _, err := execute(b.tpk, "pack", b.tree, archive); err != nil {
		return err
	}
	fmt.Printf("\nextracting %s\n", b.tree)
	// What was extracted before is moved away, not removed: for half a minute ext4 does not use the inode of a removed file again, and
	// passing over 30,000 of them takes longer than anything that is timed here.
	fresh := func(dir string) func() error {
		n := 0
		return func() error {
			if n++; n > 1 {
				if err := os.Rename(dir, fmt.Sprint(dir, "-", n)); err != nil {
					return err
				}
			}
			return os.Mkdir(dir, 0o755)
		}
	}
	one, two, three := b.path("x1"), b.path("x2"), b.path("x3")
	copies := &contestant{name: "tpk extract", command: []string{b.tpk, "extract", "-C", one, archive}, prepare: fresh(one)}
	links := &contestant{name: "tpk extract --hard-links", command: []string{b.tpk, "extract", "--hard-links", "-C", two, archive}, prepare: fresh(two)}
	theirs := &contestant{name: "tar xzf", command: []string{"tar", "-xzf", archive, "-C", three}, prepare: fresh(three)}
	if err := contest(b.runs, []*contestant{copies, theirs, links}); err != nil {
		return err
	}
	b.promise("extract: wall time, of tar xzf", copies.wall()/theirs.wall(), 0.60, "")
	b.promise("extract --hard-links: wall time, of tar xzf", links.wall()/theirs.wall(), 0.60, "")
	return nil
}

func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

// warm reads the tree, so that it is in memory for everybody, and counts it.
func (b *bench) warm() (files int, bytes int64, err error) {
	err = filepath.WalkDir(b.tree, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(io.Discard, f)
		files++
		bytes += n
		return err
	})
	return files, bytes, err
}
