package rewrite

import (
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A Layer is a source of entries: an archive or a tree. The other field is nil.
type Layer struct {
	Archive *base.Archive
	Tree    *tree.Tree
}

// A branch is one layer's directory at a path.
type branch struct {
	layer int
	dir   int       // of an archive: ordinal or sidecar.Root
	disk  *tree.Dir // of a tree; nil for a parent of its top
}

// A Child is what one layer has at a path.
type Child struct {
	name     string
	Layer    int
	typ      sidecar.Type
	entry    sidecar.Entry // of an archive
	Ref      base.Entry    // of an archive
	disk     *tree.Entry   // of a tree
	IsParent bool          // a directory above the top of a tree, which does not exist on disk
}

func (c *Child) isDir() bool { return c.typ == sidecar.TypeDir }

// isFile reports whether c has content. A hard link has that of its target.
func (c *Child) isFile() bool { return c.typ == sidecar.TypeFile || c.typ == sidecar.TypeHardlink }

// A choice is the result of Choose for a path.
type choice struct {
	path     string
	children []*Child
	winner   *Child // nil if the path is left out
	enter    bool   // it is a directory, and what is below it is merged
	shard    int    // that the winner goes into, in an edit of a set
}

// base returns the child of the base, which is the layer with that number, or nil.
func (c *choice) base(layer int) *Child {
	for _, o := range c.children {
		if o.Layer == layer {
			return o
		}
	}
	return nil
}

// mergeByName merges lists sorted by name into one. Children with equal names stay in the order of
// the lists.
func mergeByName(lists [][]*Child) []*Child {
	switch len(lists) {
	case 0:
		return nil
	case 1:
		return lists[0]
	}
	// Merge by halves: there may be as many lists as a set has shards.
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
