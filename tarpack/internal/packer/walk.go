package packer

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// Walk submits every entry of a tree on disk.
func (p *Packer) Walk(ctx context.Context, t *tree.Tree) error {
	for dir := range t.Parents() {
		h, err := p.ParentHeader(t, dir)
		if err != nil {
			return err
		}
		if err := errors.Join(p.Submit(ctx, NewGivenItem(h)), p.EndDir(ctx)); err != nil {
			return err
		}
	}
	var known tree.Inodes
	w := p.Walker()
	w.Opened = p.LookAt
	if w.Failed != nil {
		w.Failed = p.skipUnread
	}
	w.Entry = func(e tree.Entry) (err error) {
		it := p.NewItem(e)
		if e.Typ == sidecar.TypeFile {
			if it.Inode, it.LaterName, err = known.Of(ctx, &e, p.Walker(), t); err != nil {
				it.Release()
				return err
			}
		}
		return p.Submit(ctx, it)
	}
	w.EndDir = func() error { return p.EndDir(ctx) }
	return w.Walk(ctx, t)
}

// ParentHeader returns the header of the directory of the archive that is the top of a tree, or is
// above it. Its time is that of the top.
func (p *Packer) ParentHeader(t *tree.Tree, name string) (format.Header, error) {
	fi, err := t.StatTop()
	if err != nil {
		return format.Header{}, tree.Error(name, err)
	}
	h := format.Header{
		Path: name, Type: sidecar.TypeDir, Mode: format.MissingDirMode, ModTime: fi.ModTime().Unix(),
	}
	p.headers.Override(&h)
	return h, nil
}

// WalkFS submits every entry of a file system. Files with several names are not recognized as such.
func (p *Packer) WalkFS(ctx context.Context, fsys fs.FS) error {
	t := &input.FSTree{FS: fsys}
	return t.Walk(ctx, p.Walker(), input.Visitor{
		Entry: func(e tree.Entry, closed bool) error {
			return p.Submit(ctx, p.newFSItem(t, e, closed))
		},
		EndDir: func() error { return p.EndDir(ctx) },
	})
}
