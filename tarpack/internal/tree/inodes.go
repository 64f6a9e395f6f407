package tree

import (
	"context"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// inodes finds the files that have several names in the tree. The link count alone does not tell: other
// names may lie outside, and what is packed must not depend on them.
type Inodes struct {
	names map[durable.Inode]int // how many names the files with a link count over 1 have in the tree; nil until it is needed
	first map[durable.Inode]bool
}

// of returns the file's inode if it has several names in the tree, else the zero inode, and whether a name
// of it came before. The first file with a link count over 1 makes it go through the tree once.
func (x *Inodes) Of(ctx context.Context, e *Entry, w *Walker, trees ...*Tree) (ino durable.Inode, again bool, err error) {
	st := durable.StatOf(e.Info)
	if st.Nlink < 2 {
		return durable.Inode{}, false, nil
	}
	if x.names == nil {
		if err := x.count(ctx, w, trees); err != nil {
			return durable.Inode{}, false, err
		}
	}
	ino = durable.Inode{Dev: st.Dev, Ino: st.Ino}
	if x.names[ino] < 2 {
		return durable.Inode{}, false, nil
	}
	again = x.first[ino]
	x.first[ino] = true
	return ino, again, nil
}

func (x *Inodes) count(ctx context.Context, w *Walker, trees []*Tree) error {
	x.names, x.first = map[durable.Inode]int{}, map[durable.Inode]bool{}
	w.Notice = func(error) {} // the walk that packs says it
	w.Entry = func(e Entry) error {
		if st := durable.StatOf(e.Info); e.Typ == sidecar.TypeFile && st.Nlink > 1 {
			x.names[durable.Inode{Dev: st.Dev, Ino: st.Ino}]++
		}
		e.Dir.Release()
		return nil
	}
	w.EndDir = func() error { return nil }
	for _, t := range trees {
		if err := w.Walk(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
