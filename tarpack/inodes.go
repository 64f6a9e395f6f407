package tarpack

import (
	"context"

	"github.com/tarpack/tpk/sidecar"
)

// An inode names a file whatever its path. The zero inode is no file's.
type inode struct{ dev, ino uint64 }

// inodes finds the files that have several names in the tree. The link count alone does not tell: other
// names may lie outside, and what is packed must not depend on them.
type inodes struct {
	names map[inode]int // how many names the files with a link count over 1 have in the tree; nil until it is needed
	first map[inode]bool
}

// of returns the file's inode if it has several names in the tree, else the zero inode, and whether a name
// of it came before. The first file with a link count over 1 makes it go through the tree once.
func (x *inodes) of(ctx context.Context, e *sourceEntry, w *walker, trees ...*sourceTree) (ino inode, again bool, err error) {
	st := statOf(e.info)
	if st.nlink < 2 {
		return inode{}, false, nil
	}
	if x.names == nil {
		if err := x.count(ctx, w, trees); err != nil {
			return inode{}, false, err
		}
	}
	ino = inode{st.dev, st.ino}
	if x.names[ino] < 2 {
		return inode{}, false, nil
	}
	again = x.first[ino]
	x.first[ino] = true
	return ino, again, nil
}

func (x *inodes) count(ctx context.Context, w *walker, trees []*sourceTree) error {
	x.names, x.first = map[inode]int{}, map[inode]bool{}
	w.notice = func(error) {} // the walk that packs says it
	w.entry = func(e sourceEntry) error {
		if st := statOf(e.info); e.typ == sidecar.TypeFile && st.nlink > 1 {
			x.names[inode{st.dev, st.ino}]++
		}
		e.dir.release()
		return nil
	}
	w.endDir = func() error { return nil }
	for _, t := range trees {
		if err := w.walk(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
