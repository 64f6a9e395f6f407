package tree

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/format"
)

// Tree is a directory on disk, or one file in it, that is packed. Set the exported fields before
// the first walk.
type Tree struct {
	Root *os.Root
	Into string           // path of its top in the archive; "" for the archive's top
	Only string           // the only name in it to pack; "" for all
	Mode *attributes.Mode // changes permissions; nil for none

	// Verdicts are on regular files, by their paths below the top. Others are packed.
	Verdicts map[string]Verdict

	Follow        bool // pack what symbolic links lead to, and not the links
	OneFileSystem bool // leave out what is in directories of other file systems

	name  string // of the directory, for the system
	names *names // to pack; nil for all
	kept  *kept  // directories that hold included files; nil: everything is included
}

// A Verdict is on a file that was compared with another before the walk that packs.
type Verdict struct {
	Info   fs.FileInfo // of the file then: another one now ends the walk with format.ErrChanged
	Leave  bool        // the file is left out
	Notice error       // why the file is not left out; nil for no notice
}

// Open opens a directory as a Tree.
func Open(name string) (*Tree, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Tree{Root: root, name: name}, nil
}

// Select limits the tree to these paths below its top, each with everything below it, except for
// those that are exact, and with the directories above it.
func (t *Tree) Select(paths, exact []string) error {
	var err error
	t.names, err = newNames(paths, exact)
	return err
}

// Include limits the tree to what w includes, and the directories above that.
func (t *Tree) Include(ctx context.Context, w *Walker) error {
	k, err := findKept(ctx, t, w)
	t.kept = k
	return err
}

// Close closes the Tree, once everything is read.
func (t *Tree) Close() { t.Root.Close() } // opened for reading only: errors lose nothing

// Top opens the top directory.
func (t *Tree) Top() (*Dir, error) {
	root, err := t.Root.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	d := &Dir{Tree: t, Root: root, Path: t.Into}
	d.Closed = t.Into != "" && t.Mode.Apply(format.MissingDirMode, true)&0o100 == 0
	if t.Follow || t.OneFileSystem {
		fi, err := root.Stat(".")
		if err != nil {
			root.Close()
			return nil, err
		}
		d.info = fi
	}
	return d, nil
}

// Parents returns the directories of the archive down to the top of the tree, the last one.
func (t *Tree) Parents() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range len(t.Into) {
			if t.Into[i] == '/' && !yield(t.Into[:i]) {
				return
			}
		}
		if t.Into != "" {
			yield(t.Into)
		}
	}
}

// StatTop returns what the top of the tree is: the directory, or the only file of it.
func (t *Tree) StatTop() (fs.FileInfo, error) {
	if t.Only != "" {
		return t.Root.Lstat(t.Only)
	}
	return t.Root.Stat(".")
}

// Open opens the file with this path in the archive.
func (t *Tree) Open(name string) (io.ReadCloser, error) {
	if t.Follow {
		return os.Open(t.onDisk(name))
	}
	return t.Root.Open(t.below(name))
}

// Lstat returns what is at this path in the archive. A link is followed as when it is packed.
func (t *Tree) Lstat(name string) (fs.FileInfo, error) {
	if t.Follow {
		return os.Stat(t.onDisk(name))
	}
	return t.Root.Lstat(t.below(name))
}

// Remove removes what is at this path in the archive.
func (t *Tree) Remove(name string) error { return t.Root.Remove(t.below(name)) }

// Rel returns the path below the top of a path in the archive. It is "" for the top.
func (t *Tree) Rel(name string) string {
	if t.Into != "" {
		name = strings.TrimPrefix(strings.TrimPrefix(name, t.Into), "/")
	}
	return name
}

// below returns the path below Root of a path in the archive.
func (t *Tree) below(name string) string { return path.Clean(t.Rel(name)) }

// onDisk returns the path for the system of a path in the archive. Links in it are followed.
func (t *Tree) onDisk(name string) string {
	return filepath.Join(t.name, filepath.FromSlash(t.Rel(name)))
}
