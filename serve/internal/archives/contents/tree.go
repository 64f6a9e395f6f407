package contents

import (
	"fmt"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// Tree is the entries of an archive. It is safe for concurrent use.
type Tree struct {
	Name  string // of the archive, for errors
	Index *sidecar.Index

	omissions omissions
}

// Lookup describes what path names, in n. It returns false if that is nothing.
func (t *Tree) Lookup(path string, n *plan.Node) (bool, error) {
	i, ok, err := t.Index.Lookup(path)
	if err != nil || !ok {
		return false, t.Wrap(err)
	}
	e, err := t.Index.Entry(i)
	if err != nil {
		return false, t.Wrap(err)
	}
	switch e.Type {
	case sidecar.TypeFile:
		FileNode(n, &e, i)
		return true, t.AddSum(n, i)
	case sidecar.TypeHardlink:
		target, err := t.Index.Entry(int(e.Target))
		if err != nil {
			return false, t.Wrap(err)
		}
		target.ModTime = e.ModTime
		FileNode(n, &target, int(e.Target))
		return true, t.AddSum(n, i)
	case sidecar.TypeDir:
		n.Kind, n.Entry = plan.Dir, i
	case sidecar.TypeSymlink:
		n.Kind, n.Entry = plan.Link, i
	default:
		n.Kind = plan.Other
	}
	return true, nil
}

// AddSum adds the SHA-256 of entry i to n, if the index has it.
func (t *Tree) AddSum(n *plan.Node, i int) (err error) {
	if t.Index.HasSHA256() {
		n.SHA256, err = t.Index.SHA256(i)
	}
	return t.Wrap(err)
}

// Directory returns the ordinal of the entry that path names, and whether it is a directory. ""
// names the root, sidecar.Root. If nothing has the path, the ordinal is -1 and dir is false.
func (t *Tree) Directory(path string) (i int, dir bool, err error) {
	if path == "" {
		return sidecar.Root, true, nil
	}
	i, ok, err := t.Index.Lookup(path)
	if err != nil || !ok {
		return -1, false, t.Wrap(err)
	}
	e, err := t.Index.Entry(i)
	return i, e.Type == sidecar.TypeDir, t.Wrap(err)
}

// End returns the ordinal after the last entry below a directory.
func (t *Tree) End(dir int) (int, error) {
	if dir == sidecar.Root {
		return t.Index.Len(), nil
	}
	e, err := t.Index.Entry(dir)
	return int(e.End), t.Wrap(err)
}

// sniffTypes are the media types of all values of a Sniff.
var sniffTypes = func() (types [256]string) {
	for i := range types {
		types[i] = sidecar.Sniff(i).MediaType()
	}
	return types
}()

// FileNode makes n the file that has entry i's content.
func FileNode(n *plan.Node, e *sidecar.Entry, i int) {
	n.Kind = plan.File
	n.Coding = plan.Coding(e.Coding)
	n.UTF8 = e.Sniff.UTF8()
	n.Sniff = sniffTypes[e.Sniff]
	n.Entry = i
	n.Size = e.Size
	n.ModTime = e.ModTime
	n.Hash = e.Hash
	n.CRC = e.CRC
	n.Offset = e.ContentOffset()
	n.Length = e.ContentLen
}

// MediaType returns the media type that the content of an entry was found to have, or "".
func MediaType(e *sidecar.Entry) string { return sniffTypes[e.Sniff] }

// Wrap adds the archive's name to an error.
func (t *Tree) Wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", t.Name, err)
}
