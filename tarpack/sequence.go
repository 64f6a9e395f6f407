package tarpack

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A link is an entry that will stand in a group after the files of its directory.
type link struct {
	header    Header
	duplicate bool
	old       keptRef // what its path has in the archive at hand
}

// sequence takes the entries in order and writes them.
func (p *packer) sequence(ctx context.Context) error {
	for {
		select {
		case it, ok := <-p.order:
			if !ok {
				return p.flushGroup()
			}
			if err := p.place(ctx, it); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// place writes one entry, or lines it up with the links of its directory. A nil item ends a directory's
// files and links.
func (p *packer) place(ctx context.Context, it *item) error {
	if it == nil {
		return p.placeLinks()
	}
	if it.gone != "" {
		return p.changes.removed(it.gone)
	}
	defer it.release()
	if it.done != nil {
		defer it.done()
	}
	if p.shards != nil {
		if err := p.shards.before(ctx, it); err != nil {
			return err
		}
	}
	if p.packed != nil {
		p.notePacked(&it.sourceEntry)
	}
	if it.typ == sidecar.TypeFile {
		return p.placeFile(ctx, it)
	}
	h, err := p.fullHeader(it)
	if err != nil {
		return err
	}
	if err := p.changes.header(it, &h); err != nil || p.dry() {
		return err
	}
	if it.typ == sidecar.TypeDir {
		if p.shards != nil {
			p.shards.dirs = append(p.shards.dirs, h)
		}
		return p.addToGroup(link{header: h, old: it.old})
	}
	p.links = append(p.links, link{header: h, old: it.old})
	return nil
}

// fullHeader makes the header of an entry: from what is on disk, or else from the archive that it is copied from. The owner is
// that of the archive, where there is one, unless those on disk are asked for.
func (p *packer) fullHeader(it *item) (Header, error) {
	if it.given != nil {
		return *it.given, nil
	}
	if it.info == nil {
		return it.old.header()
	}
	h := p.header(&it.sourceEntry)
	if it.typ == sidecar.TypeSymlink {
		target, err := it.dir.root.Readlink(it.name)
		if err != nil {
			return h, sourceError(it.path(), err)
		}
		h.Link = target
	}
	if it.old.from != nil && !p.o.PreserveOwner {
		old, err := it.old.header()
		if err != nil {
			return h, err
		}
		h.UID, h.GID, h.Uname, h.Gname = old.UID, old.GID, old.Uname, old.Gname
	}
	return h, nil
}

// placeLinks writes the links of a directory: a link's target always comes before it, since all the files
// of the directory are written.
func (p *packer) placeLinks() error {
	slices.SortFunc(p.links, func(a, b link) int { return strings.Compare(a.header.Path, b.header.Path) })
	for _, l := range p.links {
		if err := p.addToGroup(l); err != nil {
			return err
		}
	}
	p.links = p.links[:0]
	return nil
}

// placeFile decides whether a file becomes a link, and writes it if not.
func (p *packer) placeFile(ctx context.Context, it *item) error {
	if it.again && p.shards != nil && p.dedup.byInode[it.inode] == nil {
		p.prepareAgain(it)
	}
	if it.again {
		return p.placeAgain(it)
	}
	if it.inode != (inode{}) {
		p.dedup.byInode[it.inode] = newWritten(it)
	}
	if it.ready != nil {
		select {
		case <-it.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() {
			it.content.release()
			it.member.release()
			p.budget.Release(it.weight)
		}()
		if it.err != nil {
			return p.refuse(it.err)
		}
	}
	if it.keep {
		return p.placeKept(it)
	}
	if it.ready == nil {
		return p.placeBig(ctx, it)
	}
	if err := p.changes.content(it); err != nil || p.dry() {
		return err
	}
	if len(it.content.b) == 0 {
		if err := p.remember(it); err != nil {
			return err
		}
		return p.writeEmpty(it)
	}
	target, err := p.target(it, bytes.NewReader(it.content.b))
	if err != nil {
		return err
	}
	if target != nil {
		p.addLink(it.header, it.old, target, true)
		return nil
	}
	if it.member == nil {
		if err := it.compress(p.maker); err != nil {
			return sourceError(it.path(), err)
		}
	}
	if err := p.remember(it); err != nil {
		return err
	}
	return p.writeFile(it)
}

// target finds the copy that the file becomes a link to, nil if there is none. A file with several names
// in the tree never becomes a duplicate: its names would then no longer be one file apart from the copy.
func (p *packer) target(it *item, content io.Reader) (*written, error) {
	if p.dedup.mode == DedupOff || it.inode != (inode{}) {
		return nil, nil
	}
	w, err := p.candidate(it)
	if w == nil || err != nil {
		return nil, err
	}
	if it.keep && it.old.sameContent(w.kept) {
		return w, nil
	}
	same, err := p.sameContent(it, w, content)
	if err != nil || !same {
		return nil, err
	}
	return w, nil
}

// candidate finds the first copy of the same key and owner that may have one more link, nil if there is none.
func (p *packer) candidate(it *item) (*written, error) {
	for _, pos := range p.dedup.copies.candidates(it.key) {
		w, err := p.dedup.copies.get(it.key, pos)
		if err != nil {
			return nil, err
		}
		if it.keep && it.header.Path == "" {
			if it.header, err = p.fullHeader(it); err != nil {
				return nil, err
			}
		}
		if ok, err := w.belongsTo(it.header.UID, it.header.GID); ok || err != nil {
			return w, err
		}
	}
	return nil, nil
}

// remember makes a file that is about to be written a target for later ones.
func (p *packer) remember(it *item) error {
	w := newWritten(it)
	if it.keep {
		w.kept = it.old
	}
	if it.header.Path != "" {
		w.setOwner(&it.header)
	}
	if it.inode != (inode{}) {
		p.dedup.byInode[it.inode] = w
	}
	// No link goes to where an extracting user who is not root cannot go, nor to an empty file: it saves nothing.
	if it.dir.closed || it.key == 0 {
		return nil
	}
	return p.dedup.add(it.key, w)
}

// addLink lines up a hard link.
func (p *packer) addLink(h Header, old keptRef, target *written, duplicate bool) {
	if duplicate {
		p.dedup.copies.linked(target)
	}
	h.Type, h.Size, h.Link = sidecar.TypeHardlink, 0, target.path
	p.links = append(p.links, link{header: h, duplicate: duplicate, old: old})
}

// sameContent compares a file with one that was written, byte by byte, as both are now.
// If the other has changed since, they are not the same, and nothing is lost but a duplicate.
func (p *packer) sameContent(it *item, w *written, content io.Reader) (bool, error) {
	other, err := w.open()
	if err != nil {
		return false, nil
	}
	defer other.Close()
	same, err, otherErr := sameBytes(content, other)
	if it.keep {
		err = unlessDamaged(err)
	}
	if w.kept.from != nil && err == nil {
		if err := unlessDamaged(otherErr); err != nil {
			return false, fmt.Errorf("%s: %w", w.kept.from.name, err)
		}
	}
	return same, sourceError(it.path(), err)
}

// unlessDamaged returns err unless it says that a content in an archive is damaged. Such a content is like no other, and is copied as it is:
// verify is there to find it. What else makes an archive unreadable must not pass for a difference.
func unlessDamaged(err error) error {
	if errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, gzmember.ErrTruncated) {
		return nil
	}
	return err
}

// sameBytes compares two contents. The errors are those of reading the one and the other; with an error they are not the same.
func sameBytes(content, other io.Reader) (same bool, err, otherErr error) {
	a, b := getBuffer(compareSize), getBuffer(compareSize)
	defer a.release()
	defer b.release()
	x, y := a.b[:compareSize], b.b[:compareSize]
	for {
		n, err := io.ReadFull(content, x)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return false, err, nil
		}
		m, err2 := io.ReadFull(other, y)
		if err2 != nil && err2 != io.EOF && err2 != io.ErrUnexpectedEOF {
			return false, nil, err2
		}
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false, nil, nil
		}
		if err != nil || err2 != nil {
			return err2 != nil, nil, nil
		}
	}
}

const compareSize = 64 << 10

// writeEmpty writes a file without content: H alone.
func (p *packer) writeEmpty(it *item) error {
	entry, err := p.writeHeader(&it.header)
	if err != nil {
		return err
	}
	entry.Hash = sidecar.EmptyHash
	p.step(0)
	return p.index(entry)
}

// writeFile writes a prepared file: H, C and P.
func (p *packer) writeFile(it *item) error {
	entry, err := p.writeHeader(&it.header)
	if err != nil {
		return err
	}
	c := it.member.b
	if err := p.out.write(c); err != nil {
		return err
	}
	entry.ContentLen = int64(len(c))
	entry.CRC = binary.LittleEndian.Uint32(c[len(c)-gzmember.MemberTrailerSize:])
	entry.Hash = it.hash
	entry.Sniff = sidecar.SniffContent(it.content.b)
	return p.writePadding(&entry, it.made)
}

// writeHeader writes what precedes the file h, and its H.
func (p *packer) writeHeader(h *Header) (build.Item, error) {
	if err := p.flushGroup(); err != nil {
		return build.Item{}, err
	}
	blocks, err := AppendHeader(p.blocks[:0], h)
	if err != nil {
		return build.Item{}, err
	}
	p.blocks = blocks
	p.member = gzmember.AppendTarHeader(p.member[:0], blocks)
	entry := build.Item{Path: h.Path}
	entry.Type, entry.Mode, entry.ModTime, entry.Size = h.Type, h.Mode, h.ModTime, h.Size
	entry.Offset, entry.HeaderLen = p.out.off, int32(len(p.member))
	return entry, p.out.write(p.member)
}

// writePadding writes P where one is due, and hands the entry, which is complete then, to the index.
func (p *packer) writePadding(entry *build.Item, md made) error {
	entry.Coding = md.coding
	var extra []byte
	if md.coding == coding.Segmented {
		entry.Shift, entry.Segments = md.segments.Shift, md.segments.Lengths
		extra = md.segments.AppendExtra(nil)
	}
	if pad := padding(entry.Size); pad > 0 || extra != nil {
		p.member = gzmember.AppendZeros(p.member[:0], pad, extra)
		entry.PadLen = int32(len(p.member))
		if err := p.out.write(p.member); err != nil {
			return err
		}
	}
	p.step(entry.Size)
	return p.index(*entry)
}

// index hands an entry that was written to the index.
func (p *packer) index(entry build.Item) error {
	if p.spool != nil {
		return p.spool.add(entry)
	}
	return p.builder.Add(entry)
}

// refuse decides what an error with an entry means: only a spool can do without the entry.
func (p *packer) refuse(err error) error {
	var pr *Problem
	if p.spool != nil && errors.As(err, &pr) {
		return p.spool.refuse(pr)
	}
	return err
}

// step counts an entry of size bytes.
func (p *packer) step(size int64) {
	p.progress.Entries++
	p.progress.Bytes += size
	if p.o.Progress != nil {
		p.o.Progress(p.progress)
	}
}
