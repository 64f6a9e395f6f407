package main

import (
	"archive/zip"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// archives packs the binary and the documents for each platform: by tpk itself into a .tar.gz with
// the index in it, and for Windows into a .zip. Everything is in one directory with the name of the
// archive, has the time of the commit, and belongs to root.
func (r *release) archives(ctx context.Context) error {
	for _, p := range r.platforms {
		tree := filepath.Join(r.work, "tree", r.name(p))
		if err := r.fill(tree, p); err != nil {
			return err
		}
		out := filepath.Join(r.out, r.name(p))
		var err error
		if p.os == "windows" {
			err = r.zip(tree, out+".zip")
		} else {
			_, err = r.output(ctx, nil, r.host, "pack", "--quiet", "--embed-index", "--level", "9",
				"--prefix", r.name(p), "--mtime", fmt.Sprintf("@%d", r.time.Unix()), tree, out+".tar.gz")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes the directory tree with the content of an archive. Modes do not depend on the umask.
func (r *release) fill(tree string, p platform) error {
	if err := os.CopyFS(tree, os.DirFS(r.docs())); err != nil {
		return err
	}
	binary, err := os.ReadFile(r.binaries[p])
	if err != nil {
		return err
	}
	program := filepath.Join(tree, p.program())
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		return err
	}
	return normalize(tree, program, r.time)
}

// normalize gives everything in tree the same time, and modes: 0755 for directories and for
// program, 0644 for the rest.
func normalize(tree, program string, mtime time.Time) error {
	return filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() || path == program {
			mode = 0o755
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
		return os.Chtimes(path, mtime, mtime)
	})
}

// zip packs tree, in the order of paths.
func (r *release) zip(tree, file string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	z := zip.NewWriter(out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	if err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return r.zipFile(z, filepath.Dir(tree), path, d)
	}); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return out.Close()
}

// zipFile adds one file, named by its path below root.
func (r *release) zipFile(z *zip.Writer, root, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return err
	}
	header := &zip.FileHeader{
		Name: filepath.ToSlash(name), Method: zip.Deflate, Modified: r.time,
	}
	header.SetMode(info.Mode())
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}
