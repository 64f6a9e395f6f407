package tarpack

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// oldSize is the size of the content that the entry's path has in the archive at hand, −1 if it has none.
func (it *item) oldSize() int64 {
	if it.old.from != nil {
		if e, err := it.old.content(); err == nil && e.Type == sidecar.TypeFile {
			return e.Size
		}
	}
	return -1
}

// placeAgain lines up one more name of a file.
func (p *packer) placeAgain(it *item) error {
	h, err := p.fullHeader(it)
	if err != nil {
		return err
	}
	if err := p.changes.again(it, &h, p.dedup.byInode[it.inode]); err != nil || p.dry() {
		return err
	}
	p.addLink(h, it.old, p.dedup.byInode[it.inode], false)
	return nil
}

// placeKept decides whether a file whose content is that of its old entry becomes a link, and copies it if not.
func (p *packer) placeKept(it *item) error {
	e, err := it.old.entry()
	if err != nil {
		return err
	}
	f, err := it.old.content()
	if err != nil {
		return err
	}
	same, err := p.sameHeader(it, &e)
	if err != nil {
		return err
	}
	// A name of a file with several, which is now a file of its own, has changed too.
	separate := it.info != nil && e.Type == sidecar.TypeHardlink && !e.Duplicate
	if err := p.changes.kept(it, same && !separate); err != nil || p.dry() {
		return err
	}
	if it.info == nil {
		it.inode = it.old.inode()
		if w := p.dedup.byInode[it.inode]; w != nil {
			h, err := p.fullHeader(it)
			if err != nil {
				return err
			}
			p.addLink(h, it.old, w, false)
			return nil
		}
	}
	mode, mtime := e.Mode, e.ModTime
	if it.info != nil {
		h := p.header(&it.sourceEntry)
		mode, mtime = h.Mode, h.ModTime
	}
	if it.header = (Header{}); f.Size > 0 {
		it.key = p.dedup.key(f.Hash, f.Size, mode, mtime)
		target, err := p.keptTarget(it)
		if err != nil {
			return err
		}
		if target != nil {
			p.addLink(it.header, it.old, target, true)
			return nil
		}
	}
	if err := p.rememberKept(it); err != nil {
		return err
	}
	return p.copyFile(it, &e, &f, same)
}

// keptTarget is target for content in an archive.
func (p *packer) keptTarget(it *item) (*written, error) {
	if len(p.dedup.copies.candidates(it.key)) == 0 {
		return nil, nil
	}
	content, err := it.old.from.openContent(it.old.file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.old.from.name, err)
	}
	defer content.Close()
	return p.target(it, content)
}

// rememberKept is remember, for later names of the file in its archive as well as in the tree.
func (p *packer) rememberKept(it *item) error {
	if ino := it.old.inode(); ino != (inode{}) && ino != it.inode {
		w := newWritten(it)
		w.kept = it.old
		p.dedup.byInode[ino] = w
	}
	return p.remember(it)
}

// sameHeader tells whether the entry's header is the one that it has in the archive, where it is e.
func (p *packer) sameHeader(it *item, e *sidecar.Entry) (bool, error) {
	if it.info == nil {
		return true, nil
	}
	h := p.header(&it.sourceEntry)
	if h.Mode != e.Mode || h.ModTime != e.ModTime {
		return false, nil
	}
	if !p.o.PreserveOwner {
		return true, nil
	}
	old, err := it.old.header()
	return h.UID == old.UID && h.GID == old.GID && h.Uname == old.Uname && h.Gname == old.Gname, err
}

// copyFile copies a file: all of it when its header stays, else C and P. What the index says of it stays too, so nothing is inflated.
func (p *packer) copyFile(it *item, e, f *sidecar.Entry, same bool) error {
	entry := build.Item{Entry: *f, Path: it.path()}
	if err := it.old.from.segments(it.old.file, &entry); err != nil {
		return err
	}
	if same && e.Type == sidecar.TypeFile {
		if err := p.flushGroup(); err != nil {
			return err
		}
		entry.Offset = p.out.off
		if err := p.out.copy(it.old.from.file, e.Offset, e.Length()); err != nil {
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
	head, err := p.writeHeader(&h)
	if err != nil {
		return err
	}
	entry.Offset, entry.HeaderLen = head.Offset, head.HeaderLen
	entry.Mode, entry.ModTime = head.Mode, head.ModTime
	if err := p.out.copy(it.old.from.file, f.ContentOffset(), f.ContentLen+int64(f.PadLen)); err != nil {
		return err
	}
	p.step(f.Size)
	return p.index(entry)
}
