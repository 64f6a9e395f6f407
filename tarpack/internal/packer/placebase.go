package packer

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// oldSize is the size of the content that the entry's path has in the archive at hand, −1 if it has none.
func (it *Item) oldSize() int64 {
	if it.Old.From != nil {
		if e, err := it.Old.content(); err == nil && e.Type == sidecar.TypeFile {
			return e.Size
		}
	}
	return -1
}

// placeAgain lines up one more name of a file.
func (p *Packer) placeAgain(it *Item) error {
	h, err := p.fullHeader(it)
	if err != nil {
		return err
	}
	if err := p.Changes.again(it, &h, p.dedup.byInode[it.Inode]); err != nil || p.dry() {
		return err
	}
	p.addLink(h, it.Old, p.dedup.byInode[it.Inode], false)
	return nil
}

// placeKept decides whether a file whose content is that of its old entry becomes a link, and copies it if not.
func (p *Packer) placeKept(it *Item) error {
	e, err := it.Old.entry()
	if err != nil {
		return err
	}
	f, err := it.Old.content()
	if err != nil {
		return err
	}
	same, err := p.sameHeader(it, &e)
	if err != nil {
		return err
	}
	// A name of a file with several, which is now a file of its own, has changed too.
	separate := it.Info != nil && e.Type == sidecar.TypeHardlink && !e.Duplicate
	if err := p.Changes.kept(it, same && !separate); err != nil || p.dry() {
		return err
	}
	if it.Info == nil {
		it.Inode = it.Old.inode()
		if w := p.dedup.byInode[it.Inode]; w != nil {
			h, err := p.fullHeader(it)
			if err != nil {
				return err
			}
			p.addLink(h, it.Old, w, false)
			return nil
		}
	}
	mode, mtime := e.Mode, e.ModTime
	if it.Info != nil {
		h := p.Header(&it.Entry)
		mode, mtime = h.Mode, h.ModTime
	}
	if it.header = (format.Header{}); f.Size > 0 {
		it.key = p.dedup.key(f.Hash, f.Size, mode, mtime)
		target, err := p.keptTarget(it)
		if err != nil {
			return err
		}
		if target != nil {
			p.addLink(it.header, it.Old, target, true)
			return nil
		}
	}
	if err := p.rememberKept(it); err != nil {
		return err
	}
	return p.copyFile(it, &e, &f, same)
}

// keptTarget is target for content in an archive.
func (p *Packer) keptTarget(it *Item) (*storedCopy, error) {
	if len(p.dedup.copies.candidates(it.key)) == 0 {
		return nil, nil
	}
	content, err := it.Old.From.OpenContent(int(it.Old.file))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.Old.From.Name, err)
	}
	defer content.Close()
	return p.target(it, content)
}

// rememberKept is remember, for later names of the file in its archive as well as in the tree.
func (p *Packer) rememberKept(it *Item) error {
	if ino := it.Old.inode(); ino != (durable.Inode{}) && ino != it.Inode {
		w := newStoredCopy(it)
		w.kept = it.Old
		p.dedup.byInode[ino] = w
	}
	return p.remember(it)
}

// sameHeader tells whether the entry's header is the one that it has in the archive, where it is e.
func (p *Packer) sameHeader(it *Item, e *sidecar.Entry) (bool, error) {
	if it.Info == nil {
		return true, nil
	}
	h := p.Header(&it.Entry)
	if h.Mode != e.Mode || h.ModTime != e.ModTime {
		return false, nil
	}
	if !p.Options.PreserveOwner {
		return true, nil
	}
	old, err := it.Old.Header()
	return h.UID == old.UID && h.GID == old.GID && h.Uname == old.Uname && h.Gname == old.Gname, err
}

// copyFile copies a file: all of it when its header stays, else C and P. What the index says of it stays too, so nothing is inflated.
func (p *Packer) copyFile(it *Item, e, f *sidecar.Entry, same bool) error {
	entry := build.Item{Entry: *f, Path: it.Path()}
	if err := it.Old.From.segments(it.Old.file, &entry); err != nil {
		return err
	}
	if same && e.Type == sidecar.TypeFile {
		if err := p.FlushGroup(); err != nil {
			return err
		}
		entry.Offset = p.Out.Off
		if err := p.Out.Copy(it.Old.From.OSFile, e.Offset, e.Length()); err != nil {
			return err
		}
		p.step(f.Size)
		return p.index(entry)
	}
	h := it.header
	if h.Path == "" {
		var err error
		if h, err = p.fullHeader(it); err != nil {
			return err
		}
	}
	h.Type, h.Size, h.Link = sidecar.TypeFile, f.Size, ""
	head, err := p.WriteHeader(&h)
	if err != nil {
		return err
	}
	entry.Offset, entry.HeaderLen = head.Offset, head.HeaderLen
	entry.Mode, entry.ModTime = head.Mode, head.ModTime
	if err := p.Out.Copy(it.Old.From.OSFile, f.ContentOffset(), f.ContentLen+int64(f.PadLen)); err != nil {
		return err
	}
	p.step(f.Size)
	return p.index(entry)
}
