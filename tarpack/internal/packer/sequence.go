package packer

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
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A link is an entry that will stand in a group after the files of its directory.
type Link struct {
	Header    format.Header
	Duplicate bool
	old       BaseEntry // what its path has in the archive at hand
}

// sequence takes the entries in order and writes them.
func (p *Packer) sequence(ctx context.Context) error {
	for {
		select {
		case it, ok := <-p.order:
			if !ok {
				return p.FlushGroup()
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
func (p *Packer) place(ctx context.Context, it *Item) error {
	if it == nil {
		return p.placeLinks()
	}
	if it.RemovedPath != "" {
		return p.Changes.removed(it.RemovedPath)
	}
	defer it.Release()
	if it.Done != nil {
		defer it.Done()
	}
	if p.Shards != nil {
		if err := p.Shards.before(ctx, it); err != nil {
			return err
		}
	}
	if p.packed != nil {
		p.notePacked(&it.Entry)
	}
	if it.Typ == sidecar.TypeFile {
		return p.placeFile(ctx, it)
	}
	h, err := p.fullHeader(it)
	if err != nil {
		return err
	}
	if err := p.Changes.header(it, &h); err != nil || p.dry() {
		return err
	}
	if it.Typ == sidecar.TypeDir {
		if p.Shards != nil {
			p.Shards.dirs = append(p.Shards.dirs, h)
		}
		return p.AddToGroup(Link{Header: h, old: it.Old})
	}
	p.links = append(p.links, Link{Header: h, old: it.Old})
	return nil
}

// fullHeader makes the header of an entry: from what is on disk, or else from the archive that it is copied from. The owner is
// that of the archive, where there is one, unless those on disk are asked for.
func (p *Packer) fullHeader(it *Item) (format.Header, error) {
	if it.GivenHeader != nil {
		return *it.GivenHeader, nil
	}
	if it.Info == nil {
		return it.Old.Header()
	}
	h := p.Header(&it.Entry)
	if it.Typ == sidecar.TypeSymlink {
		target, err := it.Dir.Root.Readlink(it.Name)
		if err != nil {
			return h, tree.Error(it.Path(), err)
		}
		h.Link = target
	}
	if it.Old.From != nil && !p.Options.PreserveOwner {
		old, err := it.Old.Header()
		if err != nil {
			return h, err
		}
		h.UID, h.GID, h.Uname, h.Gname = old.UID, old.GID, old.Uname, old.Gname
	}
	return h, nil
}

// placeLinks writes the links of a directory: a link's target always comes before it, since all the files
// of the directory are written.
func (p *Packer) placeLinks() error {
	slices.SortFunc(p.links, func(a, b Link) int { return strings.Compare(a.Header.Path, b.Header.Path) })
	for _, l := range p.links {
		if err := p.AddToGroup(l); err != nil {
			return err
		}
	}
	p.links = p.links[:0]
	return nil
}

// placeFile decides whether a file becomes a link, and writes it if not.
func (p *Packer) placeFile(ctx context.Context, it *Item) error {
	if it.LaterName && p.Shards != nil && p.dedup.byInode[it.Inode] == nil {
		p.prepareAgain(it)
	}
	if it.LaterName {
		return p.placeAgain(it)
	}
	if it.Inode != (durable.Inode{}) {
		p.dedup.byInode[it.Inode] = newStoredCopy(it)
	}
	if it.ready != nil {
		select {
		case <-it.ready:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		defer func() {
			it.Content.Release()
			it.member.Release()
			p.Budget.Release(it.Weight)
		}()
		if it.err != nil {
			return p.refuse(it.err)
		}
	}
	if it.Keep {
		return p.placeKept(it)
	}
	if it.ready == nil {
		return p.placeBig(ctx, it)
	}
	if err := p.Changes.content(it); err != nil || p.dry() {
		return err
	}
	if len(it.Content.B) == 0 {
		if err := p.remember(it); err != nil {
			return err
		}
		return p.writeEmpty(it)
	}
	target, err := p.target(it, bytes.NewReader(it.Content.B))
	if err != nil {
		return err
	}
	if target != nil {
		p.addLink(it.header, it.Old, target, true)
		return nil
	}
	if it.member == nil {
		if err := it.compress(p.maker); err != nil {
			return tree.Error(it.Path(), err)
		}
	}
	if err := p.remember(it); err != nil {
		return err
	}
	return p.writeFile(it)
}

// target finds the copy that the file becomes a link to, nil if there is none. A file with several names
// in the tree never becomes a duplicate: its names would then no longer be one file apart from the copy.
func (p *Packer) target(it *Item, content io.Reader) (*storedCopy, error) {
	if p.dedup.mode == format.DedupOff || it.Inode != (durable.Inode{}) {
		return nil, nil
	}
	w, err := p.candidate(it)
	if w == nil || err != nil {
		return nil, err
	}
	if it.Keep && it.Old.sameContent(w.kept) {
		return w, nil
	}
	same, err := p.sameContent(it, w, content)
	if err != nil || !same {
		return nil, err
	}
	return w, nil
}

// candidate finds the first copy of the same key and owner that may have one more link, nil if there is none.
func (p *Packer) candidate(it *Item) (*storedCopy, error) {
	for _, pos := range p.dedup.copies.candidates(it.key) {
		w, err := p.dedup.copies.get(it.key, pos)
		if err != nil {
			return nil, err
		}
		if it.Keep && it.header.Path == "" {
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
func (p *Packer) remember(it *Item) error {
	w := newStoredCopy(it)
	if it.Keep {
		w.kept = it.Old
	}
	if it.header.Path != "" {
		w.setOwner(&it.header)
	}
	if it.Inode != (durable.Inode{}) {
		p.dedup.byInode[it.Inode] = w
	}
	// No link goes to where an extracting user who is not root cannot go, nor to an empty file: it saves nothing.
	if it.Dir.Closed || it.key == 0 {
		return nil
	}
	return p.dedup.add(it.key, w)
}

// addLink lines up a hard link.
func (p *Packer) addLink(h format.Header, old BaseEntry, target *storedCopy, duplicate bool) {
	if duplicate {
		p.dedup.copies.linked(target)
	}
	h.Type, h.Size, h.Link = sidecar.TypeHardlink, 0, target.path
	p.links = append(p.links, Link{Header: h, Duplicate: duplicate, old: old})
}

// sameContent compares a file with one that was written, byte by byte, as both are now.
// If the other has changed since, they are not the same, and nothing is lost but a duplicate.
func (p *Packer) sameContent(it *Item, w *storedCopy, content io.Reader) (bool, error) {
	other, err := w.open()
	if err != nil {
		return false, nil
	}
	defer other.Close()
	same, err, otherErr := sameBytes(content, other)
	if it.Keep {
		err = unlessDamaged(err)
	}
	if w.kept.From != nil && err == nil {
		if err := unlessDamaged(otherErr); err != nil {
			return false, fmt.Errorf("%s: %w", w.kept.From.Name, err)
		}
	}
	return same, tree.Error(it.Path(), err)
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
	a, b := output.GetBuffer(compareSize), output.GetBuffer(compareSize)
	defer a.Release()
	defer b.Release()
	x, y := a.B[:compareSize], b.B[:compareSize]
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
func (p *Packer) writeEmpty(it *Item) error {
	entry, err := p.WriteHeader(&it.header)
	if err != nil {
		return err
	}
	entry.Hash = sidecar.EmptyHash
	p.step(0)
	return p.index(entry)
}

// writeFile writes a prepared file: H, C and P.
func (p *Packer) writeFile(it *Item) error {
	entry, err := p.WriteHeader(&it.header)
	if err != nil {
		return err
	}
	c := it.member.B
	if err := p.Out.Put(c); err != nil {
		return err
	}
	entry.ContentLen = int64(len(c))
	entry.CRC = binary.LittleEndian.Uint32(c[len(c)-gzmember.MemberTrailerSize:])
	entry.Hash = it.hash
	entry.Sniff = sidecar.SniffContent(it.Content.B)
	return p.writePadding(&entry, it.made)
}

// writeHeader writes what precedes the file h, and its H.
func (p *Packer) WriteHeader(h *format.Header) (build.Item, error) {
	if err := p.FlushGroup(); err != nil {
		return build.Item{}, err
	}
	blocks, err := format.AppendHeader(p.blocks[:0], h)
	if err != nil {
		return build.Item{}, err
	}
	p.blocks = blocks
	p.member = gzmember.AppendTarHeader(p.member[:0], blocks)
	entry := build.Item{Path: h.Path}
	entry.Type, entry.Mode, entry.ModTime, entry.Size = h.Type, h.Mode, h.ModTime, h.Size
	entry.Offset, entry.HeaderLen = p.Out.Off, int32(len(p.member))
	return entry, p.Out.Put(p.member)
}

// writePadding writes P where one is due, and hands the entry, which is complete then, to the index.
func (p *Packer) writePadding(entry *build.Item, md made) error {
	entry.Coding = md.coding
	var extra []byte
	if md.coding == coding.Segmented {
		entry.Shift, entry.Segments = md.segments.Shift, md.segments.Lengths
		extra = md.segments.AppendExtra(nil)
	}
	if pad := format.Padding(entry.Size); pad > 0 || extra != nil {
		p.member = gzmember.AppendZeros(p.member[:0], pad, extra)
		entry.PadLen = int32(len(p.member))
		if err := p.Out.Put(p.member); err != nil {
			return err
		}
	}
	p.step(entry.Size)
	return p.index(*entry)
}

// index hands an entry that was written to the index.
func (p *Packer) index(entry build.Item) error {
	if p.Entries != nil {
		return p.Entries.Add(entry)
	}
	return p.builder.Add(entry)
}

// An EntrySink takes the entries of an archive that are not written in its order, instead of the index.
type EntrySink interface {
	// Add takes an entry that was written.
	Add(it build.Item) error
	// Refuse takes an entry that cannot be written, and returns an error to end the run.
	Refuse(p *format.Problem) error
}

// refuse decides what an error with an entry means: only an EntrySink can do without the entry.
func (p *Packer) refuse(err error) error {
	var pr *format.Problem
	if p.Entries != nil && errors.As(err, &pr) {
		return p.Entries.Refuse(pr)
	}
	return err
}

// step counts an entry of size bytes.
func (p *Packer) step(size int64) {
	p.progress.Entries++
	p.progress.Bytes += size
	if p.Options.Progress != nil {
		p.Options.Progress(p.progress)
	}
}
