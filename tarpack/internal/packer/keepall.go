package packer

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
)

// KeepAll hands the entries of an archive that grows in place to the index, as they are. New files
// may become links to its files.
func (p *Packer) KeepAll(ctx context.Context, a *base.Archive) error {
	links, err := a.Duplicates()
	if err != nil {
		return err
	}
	closed := 0 // entries with a lower ordinal are where an extracting user cannot enter
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		it := build.Item{Entry: row.Entry, Path: string(row.Path)}
		switch e := &row.Entry; e.Type {
		case sidecar.TypeSymlink, sidecar.TypeHardlink:
			it.Link, err = a.Index.Link(row.Ordinal)
		case sidecar.TypeDir:
			if e.Mode&0o100 == 0 {
				closed = max(closed, int(e.End))
			}
		case sidecar.TypeFile:
			err = a.AddContent(uint32(row.Ordinal), &it, p.Options.SHA256)
			if err == nil && row.Ordinal >= closed {
				err = p.offer(a.Ref(row.Ordinal, e), &it, links[uint32(row.Ordinal)])
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.Name, err)
		}
		err = p.Out.Index.Add(it)
		it.CloseSums()
		if err != nil {
			return err
		}
	}
	return nil
}

// offer makes a file of the archive, which has that many duplicates, a target for later files.
func (p *Packer) offer(file base.Entry, it *build.Item, links int) error {
	if it.Size == 0 || links >= dedup.MaxLinks || p.known.Mode == format.DedupOff {
		return nil
	}
	if it.Size > InMemory {
		p.known.BigSizes[it.Size] = true
	}
	key := p.known.Key(it.Hash, it.Size, it.Mode, it.ModTime)
	first := &dedup.Copy{Path: it.Path, Kept: file, ModTime: it.ModTime}
	if err := p.known.Add(key, first); err != nil {
		return err
	}
	if links > 0 {
		p.known.LinkedLast(key, links)
	}
	return nil
}
