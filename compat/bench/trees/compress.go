package trees

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// Precompressed makes a copy of a tree in which each file has a .gz next to it, as some servers
// require, once for all families of a run. The files are hard links where possible.
func (t Tree) Precompressed(b *measure.Bench) (string, error) {
	dir := b.Path("gz-" + t.Name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	b.Logf("compressing each file of %s", t.Name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return dir, err
	}
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	batch := []string(nil)
	flush := func() {
		paths := batch
		batch = nil
		g.Go(func() error { return compressFiles(t.Dir, dir, paths) })
	}
	err := t.Each(func(path string, _ fs.DirEntry) error {
		if batch = append(batch, path); len(batch) == 500 {
			flush()
		}
		return nil
	})
	flush()
	if err2 := g.Wait(); err == nil {
		err = err2
	}
	return dir, err
}

// compressFiles adds the files of one directory to another, each with a .gz.
func compressFiles(from, to string, paths []string) error {
	var packed bytes.Buffer
	zw, err := gzip.NewWriterLevel(&packed, 6)
	if err != nil {
		return err
	}
	for _, path := range paths {
		source, target := filepath.Join(from, path), filepath.Join(to, path)
		content, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.Link(source, target); err != nil {
			if err := os.WriteFile(target, content, 0o644); err != nil {
				return err
			}
		}
		if strings.HasSuffix(path, ".gz") {
			continue
		}
		packed.Reset()
		zw.Reset(&packed)
		if _, err := zw.Write(content); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := zw.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(target+".gz", packed.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
