package packer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// placeFile finds out what kind of file the item is: another name of a file that was placed, one
// with the content of its old entry, one that a worker has prepared, or a big one.
func (s *sequencer) placeFile(ctx context.Context, it *Item) error {
	if it.LaterName && s.known.ByInode[it.Inode] == nil && (s.shards != nil || s.skipUnread != nil) {
		s.prepareAgain(it)
		if s.shards != nil && it.err == nil {
			s.unkept.Name(it.path)
		}
	}
	if it.LaterName {
		return s.placeName(it)
	}
	if it.Inode != (durable.Inode{}) {
		s.known.ByInode[it.Inode] = newCopy(it)
	}
	if it.ready == nil {
		if it.Keep {
			return s.placeKept(it)
		}
		return s.placeBig(ctx, it)
	}
	select {
	case <-it.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() {
		it.Content.Release()
		s.queue.Unreserve(it.reserved)
	}()
	if it.err != nil {
		return s.unread(it, s.refuse(it.err))
	}
	if it.Keep {
		return s.placeKept(it)
	}
	return s.placePrepared(it)
}

// prepareAgain makes a later name of a file a file of its own, because the first name is in another
// shard or was left out.
func (s *sequencer) prepareAgain(it *Item) {
	it.LaterName = false
	if it.size > InMemory {
		return
	}
	it.ready = make(chan struct{})
	it.err = s.prepare(it)
	close(it.ready)
}

// placeName adds one more name of a file that was placed.
func (s *sequencer) placeName(it *Item) error {
	h, err := s.fullHeader(it)
	if err != nil {
		return err
	}
	if err := s.changes.again(it, &h, s.known.ByInode[it.Inode]); err != nil || s.dry {
		return err
	}
	s.addLink(it, h, s.known.ByInode[it.Inode], false)
	return nil
}

// placePrepared writes a file that a worker has loaded, or adds a link to a copy of it.
func (s *sequencer) placePrepared(it *Item) error {
	if err := s.changes.content(it); err != nil || s.dry {
		return err
	}
	if len(it.Bytes.B) == 0 {
		if err := s.remember(it, it.header.ModTime); err != nil {
			return err
		}
		return s.out.WriteEmpty(&it.header)
	}
	target, err := s.target(it, bytes.NewReader(it.Bytes.B))
	if err != nil {
		return err
	}
	if target != nil {
		s.addDuplicate(it, target, it.header.ModTime != target.ModTime)
		return nil
	}
	if it.Member == nil {
		if err := s.compress(it); err != nil {
			return tree.Error(it.path, err)
		}
	}
	if err := s.addSums(&it.Content); err != nil { // of a member that was there
		return err
	}
	if err := s.remember(it, it.header.ModTime); err != nil {
		return err
	}
	return s.out.WriteFile(&it.header, &it.Content, it.hash)
}

// newCopy returns the copy that an item is about to become.
func newCopy(it *Item) *dedup.Copy { return &dedup.Copy{Path: it.path, Tree: it.tree} }

// remember makes a file that is about to be written, with this modification time, a target for
// later ones.
func (s *sequencer) remember(it *Item, modTime int64) error {
	w := newCopy(it)
	w.ModTime = modTime
	if it.Keep {
		w.Kept = it.Old
	}
	if it.header.Path != "" {
		w.SetOwner(&it.header)
	}
	if it.Inode != (durable.Inode{}) {
		s.known.ByInode[it.Inode] = w
	}
	// A link never leads to a directory that an extracting user cannot enter unless they are root,
	// nor to an empty file, which saves nothing.
	if it.closed || it.key == 0 {
		return nil
	}
	return s.known.Add(it.key, w)
}

// target returns the copy that the file becomes a link to, or nil. A file with several names never
// becomes a duplicate: its names would then no longer be one file apart from the copy.
func (s *sequencer) target(it *Item, content io.Reader) (*dedup.Copy, error) {
	if s.known.Mode == format.DedupOff || it.Inode != (durable.Inode{}) {
		return nil, nil
	}
	w, err := s.candidate(it)
	if w == nil || err != nil {
		return nil, err
	}
	if it.Keep && it.Old.SameContent(w.Kept) {
		return w, nil
	}
	if s.keepLinks {
		return nil, nil
	}
	same, err := sameContent(it, w, content)
	if err != nil || !same {
		return nil, err
	}
	return w, nil
}

// candidate returns the first copy of the same key and owner that may have one more link, or nil.
func (s *sequencer) candidate(it *Item) (*dedup.Copy, error) {
	for _, pos := range s.known.Candidates(it.key) {
		w, err := s.known.Get(it.key, pos)
		if err != nil {
			return nil, err
		}
		if it.Keep && it.header.Path == "" {
			if it.header, err = s.fullHeader(it); err != nil {
				return nil, err
			}
		}
		if ok, err := w.BelongsTo(it.header.UID, it.header.GID); ok || err != nil {
			return w, err
		}
	}
	return nil, nil
}

// sameSum is sameContent for a copy whose SHA-256 is known, so that it need not be decompressed.
func sameSum(it *Item, w *dedup.Copy, content io.Reader) (bool, error) {
	if it.Keep && it.Old.From.Index.HasSHA256() {
		return it.Old.SameSum(w.Kept)
	}
	same, err := w.Kept.HasSum(content)
	if it.Keep {
		err = unlessDamaged(err)
	}
	return same, tree.Error(it.path, err)
}

// sameContent compares a file with a copy byte by byte, as both are now. A copy that has changed
// since is not the same: nothing is lost but a duplicate.
func sameContent(it *Item, w *dedup.Copy, content io.Reader) (bool, error) {
	if w.Kept.From != nil && w.Kept.From.Index.HasSHA256() {
		return sameSum(it, w, content)
	}
	other, err := w.Open()
	if err != nil {
		return false, nil
	}
	defer other.Close()
	same, err, otherErr := output.SameBytes(content, other)
	if it.Keep {
		err = unlessDamaged(err)
	}
	if w.Kept.From != nil && err == nil {
		if err := unlessDamaged(otherErr); err != nil {
			return false, fmt.Errorf("%s: %w", w.Kept.From.Name, err)
		}
	}
	return same, tree.Error(it.path, err)
}
