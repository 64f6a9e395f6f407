package packer

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// A sequencer places the items in the order of the archive: it decides what becomes of each, and
// writes it. So nothing that it decides depends on the timing of the workers.
type sequencer struct {
	worker                       // for the files that the workers leave to it
	out        *tarwriter.Writer // nil in a dry run
	changes    *ChangeLog
	queue      *queue
	workers    int
	shards     *Sharder // nil: one archive
	entries    EntrySink
	packed     fingerprints // nil unless files are removed
	left       map[string]bool
	recent     *recents
	unkept     *unkept.Counter
	skipUnread func(error) bool // takes the error of a file that cannot be read; nil: it ends the run
	keepLinks  bool             // see Options.KeepLinks
	keepUser   bool             // the user in the archive that is changed stays
	keepGroup  bool             // the group there stays
}

func (p *Packer) newSequencer() (*sequencer, error) {
	w, err := p.newWorker()
	s := &sequencer{
		worker: w, out: p.Out, changes: &p.Changes, queue: &p.queue, workers: p.workers,
		shards: p.Shards, entries: p.Entries, packed: p.packed, left: p.left, recent: &p.recent,
		keepUser: p.headers.KeepUser, keepGroup: p.headers.KeepGroup,
		keepLinks: p.Options.KeepLinks, unkept: p.headers.Unkept,
	}
	if p.Options.SkipUnreadable {
		s.skipUnread = p.skipUnread
	}
	return s, err
}

// run places all items.
func (s *sequencer) run(ctx context.Context) error {
	for {
		select {
		case step, ok := <-s.queue.order:
			if !ok {
				if s.dry {
					return nil
				}
				return s.out.FlushGroup()
			}
			if err := s.take(ctx, step); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *sequencer) take(ctx context.Context, st step) error {
	switch {
	case st.item != nil:
		defer st.item.Release()
		return s.place(ctx, st.item)
	case st.removed != "":
		return s.changes.removed(st.removed)
	case s.dry:
		return nil
	}
	return s.out.FlushLinks()
}

// place writes one item, or keeps it until the files of its directory are written.
func (s *sequencer) place(ctx context.Context, it *Item) error {
	if s.shards != nil {
		if err := s.shards.before(ctx, it); err != nil {
			return err
		}
	}
	if s.packed != nil {
		s.packed.note(it)
	}
	if !s.dry {
		s.recent.note(it)
	}
	if it.Type == sidecar.TypeFile {
		return s.placeFile(ctx, it)
	}
	h, err := s.fullHeader(it)
	if err != nil {
		return s.unread(it, err)
	}
	if d, ok := it.Source.(*input.Disk); ok && it.Type == sidecar.TypeSymlink {
		s.unkept.Link(it.path, d.Dir.Tree.Rel(it.path), h.Link)
	}
	if err := s.changes.header(it, &h); err != nil || s.dry {
		return err
	}
	if it.Type != sidecar.TypeDir {
		s.out.AddLink(tarwriter.Link{Header: h, Old: it.Old})
		return nil
	}
	if s.shards != nil {
		s.shards.dirs = append(s.shards.dirs, h)
	}
	return s.out.AddToGroup(tarwriter.Link{Header: h, Old: it.Old})
}

// fullHeader returns the header of an item. If its path is in the archive that is changed, the
// owner there stays, unless an option replaces it.
func (s *sequencer) fullHeader(it *Item) (format.Header, error) {
	h, err := it.Source.Header()
	if err != nil || it.Old.From == nil || !it.onDisk() || !s.keepUser && !s.keepGroup {
		return h, err
	}
	old, err := it.Old.Header()
	if err != nil {
		return h, err
	}
	if s.keepUser {
		h.UID, h.Uname = old.UID, old.Uname
	}
	if s.keepGroup {
		h.GID, h.Gname = old.GID, old.Gname
	}
	return h, nil
}

// addDuplicate adds a file as a hard link to an equal copy. With losesTime the file is counted as
// one whose time only tpk keeps.
func (s *sequencer) addDuplicate(it *Item, target *dedup.Copy, losesTime bool) {
	if losesTime {
		s.unkept.Time(it.path)
	}
	s.known.Linked(target)
	s.addLink(it, it.header, target, true)
}

// addLink adds a hard link to a copy.
func (s *sequencer) addLink(it *Item, h format.Header, target *dedup.Copy, duplicate bool) {
	content := it.size
	if it.fromArchive() {
		content = it.Old.ContentSize()
	}
	h.Type, h.Size, h.Link = sidecar.TypeHardlink, 0, target.Path
	s.out.AddLink(tarwriter.Link{
		Header: h, Duplicate: duplicate, Content: max(0, content), Old: it.Old,
	})
}

// refuse decides what an error with one entry means: only an EntrySink can do without the entry.
func (s *sequencer) refuse(err error) error {
	var pr *format.Problem
	if s.entries != nil && errors.As(err, &pr) {
		return s.entries.Refuse(pr)
	}
	return err
}
