package rewrite

import (
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A layer is one of what a rewrite takes entries from: an archive or a tree.
type Layer struct {
	Kept *packer.Base
	Tree *tree.Tree
}

// A branch is a directory of one layer.
type branch struct {
	layer int
	dir   int       // of an archive: its ordinal, or sidecar.Root
	disk  *tree.Dir // of a tree; nil: a parent of its top, which is not on disk
}

// A child is what one layer has at a path.
type Child struct {
	name     string
	Layer    int
	typ      sidecar.Type
	entry    sidecar.Entry    // of an archive
	Ref      packer.BaseEntry // likewise
	disk     *tree.Entry      // of a tree
	IsParent bool             // a parent of a tree's top
}

func (c *Child) isDir() bool { return c.typ == sidecar.TypeDir }

// isFile: it has content. A hard link has its target's.
func (c *Child) isFile() bool { return c.typ == sidecar.TypeFile || c.typ == sidecar.TypeHardlink }

// A choice is what was chosen at a path.
type choice struct {
	path     string
	children []*Child
	win      *Child // nil: none
	enter    bool   // it is a directory, and what is below it is chosen from, too
}

// base is what the archive that is changed has at the path, nil if nothing.
func (c *choice) base(layer int) *Child {
	for _, o := range c.children {
		if o.Layer == layer {
			return o
		}
	}
	return nil
}

// mergeByName makes one list, sorted by name, of several that are, and where names are equal in the order of the lists.
func mergeByName(lists [][]*Child) []*Child {
	switch len(lists) {
	case 0:
		return nil
	case 1:
		return lists[0]
	}
	// By halves: there may be as many lists as a set has shards.
	a, b := mergeByName(lists[:len(lists)/2]), mergeByName(lists[len(lists)/2:])
	all := make([]*Child, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if b[0].name < a[0].name {
			b, all = b[1:], append(all, b[0])
		} else {
			a, all = a[1:], append(all, a[0])
		}
	}
	return append(append(all, a...), b...)
}

// madeParent makes the header of a parent of the tree's top, with the time of that.
func madeParent(t *tree.Tree, name string) (format.Header, error) {
	var fi os.FileInfo
	var err error
	if t.Only != "" {
		fi, err = t.Root.Lstat(t.Only)
	} else {
		fi, err = t.Root.Stat(".")
	}
	if err != nil {
		return format.Header{}, tree.Error(name, err)
	}
	return format.Header{Path: name, Type: sidecar.TypeDir, Mode: format.MissingDirMode, ModTime: fi.ModTime().Unix()}, nil
}
