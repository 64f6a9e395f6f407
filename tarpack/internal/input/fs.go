package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// An FSTree is a file system that is packed.
type FSTree struct{ FS fs.FS }

// Open opens a file by its path.
func (t *FSTree) Open(path string) (io.ReadCloser, error) { return t.FS.Open(path) }

// Lstat returns what is at a path. It follows no link if the file system can read links.
func (t *FSTree) Lstat(path string) (fs.FileInfo, error) { return fs.Lstat(t.FS, path) }

// Walk goes through the file system in the order of an archive (FORMAT.md 1.1). It asks w what to
// leave out, but calls v instead of w.Entry and w.EndDir.
func (t *FSTree) Walk(ctx context.Context, w *tree.Walker, v Visitor) error {
	return t.walkDir(ctx, w, v, ".", false)
}

// A Visitor gets what Walk finds.
type Visitor struct {
	// Entry gets each entry, a directory before what is in it. closed reports whether an extracting
	// user cannot enter the directory of the entry once its mode is restored.
	Entry func(e tree.Entry, closed bool) error
	// EndDir is called after the last entry of a directory that is not a directory.
	EndDir func() error
}

func (t *FSTree) walkDir(
	ctx context.Context, w *tree.Walker, v Visitor, dir string, closed bool,
) error {
	entries, err := t.list(w, dir)
	if err != nil {
		return tree.Error(dir, err)
	}
	ended := false
	for _, e := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if e.Typ == sidecar.TypeDir && !ended {
			ended = true
			if err := v.EndDir(); err != nil {
				return err
			}
		}
		if err := v.Entry(e, closed); err != nil {
			return err
		}
		if e.Typ == sidecar.TypeDir {
			below := closed || e.Info.Mode().Perm()&0o100 == 0
			if err := t.walkDir(ctx, w, v, e.Full, below); err != nil {
				return err
			}
		}
	}
	if ended {
		return nil
	}
	return v.EndDir()
}

// list returns what is to be packed of a directory, in the order of the archive.
func (t *FSTree) list(w *tree.Walker, dir string) ([]tree.Entry, error) {
	found, err := fs.ReadDir(t.FS, dir)
	if err != nil {
		return nil, err
	}
	entries := make([]tree.Entry, 0, len(found))
	for _, d := range found {
		e := tree.Entry{Name: d.Name(), Full: path.Join(dir, d.Name())}
		if e.Info, err = d.Info(); err != nil {
			return nil, tree.Error(e.Full, err)
		}
		if w.SkipsName(e.Name) {
			// On Windows, a file that is open for writing is not recognized by what the list has of it.
			if e.Info, err = fs.Lstat(t.FS, e.Full); err != nil {
				return nil, tree.Error(e.Full, err)
			}
		}
		keep, err := w.Classify(&e)
		if err != nil {
			return nil, err
		}
		if _, ok := t.FS.(fs.ReadLinkFS); keep && e.Typ == sidecar.TypeSymlink && !ok {
			const why = "a symbolic link, which the file system cannot read: not packed"
			w.Notice(fmt.Errorf("%s: %s", format.Printable(e.Full), why))
			keep = false
		}
		if keep {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b tree.Entry) int {
		if c := format.Rank(a.Typ) - format.Rank(b.Typ); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return entries, nil
}

// An FS is an entry of a file system.
type FS struct {
	tree.Entry // without a Dir
	Tree       *FSTree
	Headers    *Headers
}

// Header returns the header, for a symbolic link with the target that it has now.
func (s *FS) Header() (format.Header, error) {
	h, err := s.Headers.of(s.Full, s.Typ, s.Info, nil)
	if err != nil {
		return h, err
	}
	if s.Typ == sidecar.TypeSymlink {
		target, err := fs.ReadLink(s.Tree.FS, s.Full)
		if err != nil {
			return h, tree.Error(s.Full, err)
		}
		h.Link = target
	}
	return h, nil
}

// Load implements Loader.
func (s *FS) Load(c *Content) error {
	f, err := s.Tree.FS.Open(s.Full)
	if err != nil {
		return err
	}
	defer f.Close()
	if c.Bytes, err = load(f, int(s.Info.Size())); err != nil {
		return err
	}
	return s.unchanged(f)
}

// An fsContent is an open file of a file system, and what its bytes are read from at any offset.
type fsContent struct {
	io.ReaderAt
	file fs.File
	copy io.Closer // nil if ReaderAt is the file itself
}

func (c *fsContent) Close() error {
	err := c.file.Close()
	if c.copy != nil {
		err = errors.Join(err, c.copy.Close())
	}
	return err
}

// Open implements Opener. A file that cannot be read at any offset is copied to a temporary file.
func (s *FS) Open() (File, error) {
	f, err := s.Tree.FS.Open(s.Full)
	if err != nil {
		return nil, err
	}
	c := &fsContent{file: f}
	if r, ok := f.(io.ReaderAt); ok {
		c.ReaderAt = r
		err = s.unchanged(f)
	} else {
		err = c.spill(f, s.Info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// spill copies the file to a temporary file, which must get size bytes of it.
func (c *fsContent) spill(f io.Reader, size int64) error {
	tmp, err := durable.ScratchFile("")
	if err != nil {
		return err
	}
	c.ReaderAt, c.copy = tmp, tmp
	if err := output.CopyWithHoles(tmp, f, size); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = fmt.Errorf("%w: it has shrunk", format.ErrChanged)
		}
		return err
	}
	if n, err := io.ReadFull(f, make([]byte, 1)); n > 0 || err != io.EOF {
		if n > 0 {
			err = format.ErrChanged
		}
		return err
	}
	return nil
}

// Unchanged implements Opener.
func (s *FS) Unchanged(f File) error { return s.unchanged(f.(*fsContent).file) }

// unchanged compares an open file with the info of its directory entry.
func (s *FS) unchanged(f fs.File) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if is.Size() != s.Info.Size() || !is.ModTime().Equal(s.Info.ModTime()) {
		return format.ErrChanged
	}
	return nil
}
