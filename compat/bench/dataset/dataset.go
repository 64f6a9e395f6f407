// Package dataset measures reading every file of a large tree in random order through Go's io/fs,
// as training on a dataset does.
package dataset

import (
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/tarpack/tpk/compat/bench/measure"
	"github.com/tarpack/tpk/compat/bench/trees"
	"github.com/tarpack/tpk/tarpack"
)

// Run measures the tree of small files.
func Run(b *measure.Bench) error {
	if !b.Room(int64(b.Files)*24<<10, "the tree of small files") {
		return nil
	}
	t, err := trees.Files(b, b.Files)
	if err != nil {
		return err
	}
	dir, err := b.Dir("dataset")
	if err != nil {
		return err
	}
	defer b.Discard(dir)
	all, err := newOrder(t, filepath.Join(dir, "all"), b.Files)
	if err != nil {
		return err
	}
	some, err := newOrder(t, filepath.Join(dir, "some"), min(20_000, b.Files/2))
	if err != nil {
		return err
	}
	few, err := newOrder(t, filepath.Join(dir, "few"), min(5_000, b.Files/2))
	if err != nil {
		return err
	}
	contestants, done, err := sources(b, t, dir)
	if err != nil {
		return err
	}
	defer done()
	hot := max(1, (b.Rounds+1)/3) // each takes long and is a mean of many files
	if err := measure.Warm(t.Dir); err != nil {
		return err
	}
	if err := b.Contest("Dataset/tree="+t.Name+"/cache=hot", hot,
		with(contestants, all, few, nil)); err != nil {
		return err
	}
	if !b.DropCaches() {
		return nil
	}
	drop := func() error {
		b.DropCaches()
		return nil
	}
	return b.Contest("Dataset/tree="+t.Name+"/cache=cold", b.Rounds,
		with(contestants, some, few, drop))
}

// with adds the list of files to contestants. A squashfs, which inflates 128 KiB for any file, gets
// a shorter one.
func with(all []measure.Contestant, list, squashfs order,
	prepare func() error) (ready []measure.Contestant) {
	for _, c := range all {
		o := list
		if c.Tool == "squashfs" {
			o = squashfs
		}
		c.Command = append(c.Command[:len(c.Command):len(c.Command)], o.file,
			strconv.FormatInt(o.bytes, 10))
		c.Per = o.files
		c.Prepare = prepare
		ready = append(ready, c)
	}
	return ready
}

// An order is a list of files to read.
type order struct {
	file  string
	files int
	bytes int64 // of the files' contents
}

// newOrder writes the paths of up to n files in random order.
func newOrder(t trees.Tree, name string, n int) (o order, err error) {
	var paths []string
	sizes := map[string]int64{}
	err = t.Each(func(path string, d fs.DirEntry) error {
		fi, err := d.Info()
		if err != nil {
			return err
		}
		paths = append(paths, path)
		sizes[path] = fi.Size()
		return nil
	})
	if err != nil {
		return o, err
	}
	r := rand.New(rand.NewPCG(19, 19))
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	paths = paths[:min(n, len(paths))]
	o = order{file: name, files: len(paths)}
	for _, p := range paths {
		o.bytes += sizes[p]
	}
	return o, os.WriteFile(name, []byte(strings.Join(paths, "\n")+"\n"), 0o644)
}

// sources makes every archive that the tree is read from.
func sources(b *measure.Bench, t trees.Tree, dir string) (all []measure.Contestant, done func(),
	err error) {
	done = func() {}
	archive, err := t.Archive(b)
	if err != nil {
		return nil, done, err
	}
	add := func(tool, kind, path string, files ...string) {
		c := measure.Contestant{Tool: tool, Command: b.Helper("read", kind, path)}
		if len(files) > 0 {
			c.Add = func() ([]measure.Value, error) {
				size, err := measure.Size(files...)
				return []measure.Value{size}, err
			}
		}
		all = append(all, c)
	}
	add("tpk", "tpk", archive, archive, archive+".tpi")
	stored := filepath.Join(dir, "stored.tar.gz")
	b.Logf("packing without compression")
	if err := measure.Run(b.Tpk, "pack", "-q", "--level", "0", t.Dir, stored); err != nil {
		return nil, done, err
	}
	add("tpk-level-0", "tpk", stored, stored, stored+".tpi")
	add("plain", "dir", t.Dir)

	zipped := filepath.Join(dir, "a.zip")
	b.Logf("making a zip")
	if err := makeZip(t, zipped); err != nil {
		return nil, done, err
	}
	add("zip-go", "zip", zipped, zipped)

	if os.Getuid() != 0 || !b.Have("mksquashfs") {
		return all, done, nil
	}
	image, mnt := filepath.Join(dir, "squashfs"), filepath.Join(dir, "mnt")
	b.Logf("making a squashfs")
	if err := measure.Run("mksquashfs", t.Dir, image, "-comp", "gzip", "-Xcompression-level", "6",
		"-noappend", "-quiet", "-no-progress"); err != nil {
		return nil, done, err
	}
	if err := os.Mkdir(mnt, 0o755); err != nil {
		return nil, done, err
	}
	if err := measure.Run("mount", "-o", "loop,ro", image, mnt); err != nil {
		b.Logf("  without squashfs: %v", err)
		return all, done, nil
	}
	add("squashfs", "dir", mnt, image)
	return all, func() {
		if err := measure.Run("umount", mnt); err != nil {
			b.Logf("  %v", err)
		}
	}, nil
}

// makeZip makes a zip of a tree at level 6.
func makeZip(t trees.Tree, name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	zw := zip.NewWriter(out)
	var fw *flate.Writer // reused, because making one costs more than compressing a small file
	zw.RegisterCompressor(zip.Deflate, func(w io.Writer) (_ io.WriteCloser, err error) {
		if fw == nil {
			fw, err = flate.NewWriter(w, 6)
		} else {
			fw.Reset(w)
		}
		return fw, err
	})
	err = t.Each(func(path string, _ fs.DirEntry) error {
		content, err := os.ReadFile(filepath.Join(t.Dir, path))
		if err != nil {
			return err
		}
		w, err := zw.Create(path)
		if err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	if err := zw.Close(); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// Read is the helper that reads files in the order of a list: KIND PATH LIST BYTES. KIND is tpk,
// dir or zip.
func Read(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("read: KIND PATH LIST BYTES")
	}
	var fsys fs.FS
	switch args[0] {
	case "tpk":
		a, err := tarpack.Open(context.Background(), args[1], &tarpack.OpenOptions{RequireSidecar: true})
		if err != nil {
			return err
		}
		defer a.Close()
		fsys = a.FS()
	case "zip":
		z, err := zip.OpenReader(args[1])
		if err != nil {
			return err
		}
		defer z.Close()
		fsys = z
	default:
		fsys = os.DirFS(args[1])
	}
	list, err := os.Open(args[2])
	if err != nil {
		return err
	}
	defer list.Close()
	total := 0
	paths := bufio.NewScanner(list)
	for paths.Scan() {
		content, err := fs.ReadFile(fsys, paths.Text())
		if err != nil {
			return err
		}
		total += len(content)
	}
	if fmt.Sprint(total) != args[3] {
		return fmt.Errorf("%s: %d bytes have been read, not %s", args[1], total, args[3])
	}
	return paths.Err()
}
