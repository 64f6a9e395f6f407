package tree

import (
	"context"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Inodes finds files that have several names in the trees. The link count is not enough: other
// names may be outside, and must not change what is packed. The zero value is usable.
type Inodes struct {
	Shard int // that the next file goes into: in each shard a file has a first name of its own

	names map[durable.Inode]int  // of files with a link count over 1: their names; nil until needed
	first map[durable.Inode]bool // files whose first name has been seen
}

// Of returns the inode of a file that has several names in the trees, otherwise the zero Inode. It
// also returns whether a name of it has come before. The first file with a link count over 1 makes
// it walk the trees once, with w.
func (x *Inodes) Of(
	ctx context.Context, e *Entry, w *Walker, trees ...*Tree,
) (ino durable.Inode, again bool, err error) {
	if durable.StatOf(e.Info).Nlink < 2 {
		return durable.Inode{}, false, nil
	}
	if x.names == nil {
		if err := x.count(ctx, w, trees); err != nil {
			return durable.Inode{}, false, err
		}
	}
	ino = durable.InodeOf(e.Info)
	if x.names[ino] < 2 {
		return durable.Inode{}, false, nil
	}
	ino.Shard = x.Shard
	again = x.first[ino]
	x.first[ino] = true
	return ino, again, nil
}

// count walks the trees and counts the names of files.
func (x *Inodes) count(ctx context.Context, w *Walker, trees []*Tree) error {
	x.names, x.first = map[durable.Inode]int{}, map[durable.Inode]bool{}
	w.Notice = func(error) {} // the walk that packs reports it
	w.Entry = func(e Entry) error {
		if e.Typ == sidecar.TypeFile && durable.StatOf(e.Info).Nlink > 1 {
			x.names[durable.InodeOf(e.Info)]++
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
