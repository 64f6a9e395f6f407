package readers

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/compat/trees"
	"github.com/tarpack/tpk/internal/filetest"
)

// goExtract extracts an archive the way a Go program does with archive/tar and compress/gzip.
func goExtract(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	var dirs []*tar.Header
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			dirs = append(dirs, h)
		}
		if err := goExtractEntry(r, h, dir); err != nil {
			return fmt.Errorf("%q: %w", h.Name, err)
		}
	}
	// Entries after the two zero blocks would go unnoticed.
	if n, err := io.Copy(io.Discard, z); n != 0 || err != nil {
		return fmt.Errorf("%d bytes follow the end of the tar: %w", n, err)
	}
	for i := len(dirs) - 1; i >= 0; i-- {
		if err := goFinish(dirs[i], dir); err != nil {
			return err
		}
	}
	return nil
}

func goExtractEntry(r io.Reader, h *tar.Header, dir string) error {
	name := filepath.Join(dir, h.Name)
	switch h.Typeflag {
	case tar.TypeDir:
		return os.Mkdir(name, 0o700)
	case tar.TypeLink:
		return os.Link(filepath.Join(dir, h.Linkname), name)
	case tar.TypeSymlink:
		if err := os.Symlink(h.Linkname, name); err != nil {
			return err
		}
	case tar.TypeFifo:
		if err := filetest.Mkfifo(name); err != nil {
			return err
		}
	case tar.TypeReg:
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("type %q: %w", h.Typeflag, fs.ErrInvalid)
	}
	return goFinish(h, dir)
}

func goFinish(h *tar.Header, dir string) error {
	n := trees.Node{Mode: uint32(h.Mode), Time: h.ModTime.Unix(),
		Nanos: int64(h.ModTime.Nanosecond())} // UnixNano ends in 2262
	if h.Typeflag == tar.TypeSymlink {
		n.Kind = trees.KindSymlink
	}
	return n.SetAttributes(filepath.Join(dir, h.Name))
}
