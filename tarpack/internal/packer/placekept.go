package packer

import (
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// placeKept places a file with the content of its old entry, but perhaps a new header. The file
// becomes a link, or its members are copied.
func (s *sequencer) placeKept(it *Item) error {
	e, err := it.Old.Record()
	if err != nil {
		return err
	}
	f, err := it.Old.ContentRecord()
	if err != nil {
		return err
	}
	same, err := s.sameHeader(it, &e)
	if err != nil {
		return err
	}
	// One of several names of a file, which is now a file of its own, has changed too.
	separate := !it.fromArchive() && e.Type == sidecar.TypeHardlink && !e.Duplicate
	if err := s.changes.kept(it, same && !separate); err != nil || s.dry {
		return err
	}
	if it.fromArchive() {
		it.Inode = it.Old.Inode()
		if w := s.known.ByInode[it.Inode]; w != nil {
			h, err := s.fullHeader(it)
			if err != nil {
				return err
			}
			s.addLink(it, h, w, false)
			return nil
		}
	}
	mode, modTime := e.Mode, e.ModTime
	if !it.fromArchive() {
		h, err := it.Source.Header()
		if err != nil {
			return err
		}
		mode, modTime = h.Mode, h.ModTime
	}
	if it.header = (format.Header{}); f.Size > 0 {
		it.key = s.known.Key(f.Hash^s.salt(it.path)^s.origin(it), f.Size, mode, modTime)
		target, err := s.keptTarget(it)
		if err != nil {
			return err
		}
		if target != nil {
			// If the times differ in the old archive, that was reported when it was written.
			s.addDuplicate(it, target, modTime != target.ModTime && e.ModTime == f.ModTime)
			return nil
		}
	}
	if err := s.rememberKept(it, modTime); err != nil {
		return err
	}
	return s.copyFile(it, &e, &f, same)
}

// origin returns a number that makes the keys of contents differ that are not the same member of an
// archive, if such files stay apart.
func (s *sequencer) origin(it *Item) uint64 {
	if !s.keepLinks {
		return 0
	}
	const spread = 0x9e3779b97f4a7c15 // 2^64 / φ, so that it has little in common with the hash
	return (uint64(it.Old.From.Number)<<32 + uint64(it.Old.File) + 1) * spread
}

// keptTarget is target for content in an archive.
func (s *sequencer) keptTarget(it *Item) (*dedup.Copy, error) {
	if len(s.known.Candidates(it.key)) == 0 {
		return nil, nil
	}
	content, err := it.Old.From.OpenContent(int(it.Old.File))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", it.Old.From.Name, err)
	}
	defer content.Close()
	return s.target(it, content)
}

// rememberKept is remember, for later names of the file in its archive as well as in the tree.
func (s *sequencer) rememberKept(it *Item, modTime int64) error {
	if ino := it.Old.Inode(); ino != (durable.Inode{}) && ino != it.Inode {
		w := newCopy(it)
		w.Kept = it.Old
		s.known.ByInode[ino] = w
	}
	return s.remember(it, modTime)
}

// sameHeader reports whether the file's header is the one that it has in the archive, whose record
// is e.
func (s *sequencer) sameHeader(it *Item, e *sidecar.Entry) (bool, error) {
	if it.fromArchive() {
		return true, nil
	}
	h, err := it.Source.Header()
	if err != nil || h.Mode != e.Mode || h.ModTime != e.ModTime {
		return false, err
	}
	if s.keepUser && s.keepGroup {
		return true, nil
	}
	if h, err = s.fullHeader(it); err != nil {
		return false, err
	}
	old, err := it.Old.Header()
	return h.UID == old.UID && h.GID == old.GID && h.Uname == old.Uname && h.Gname == old.Gname, err
}

// copyFile copies a file: all of it if its header stays, else C and P. What the index has of the
// content stays too, so nothing is inflated, except to compute sums that it lacks. e is the record
// of the old entry, f that of its content.
func (s *sequencer) copyFile(it *Item, e, f *sidecar.Entry, same bool) error {
	from := it.Old.From
	entry := build.Item{Entry: *f, Path: it.path}
	if err := from.AddContent(it.Old.File, &entry, s.sums); err != nil {
		return err
	}
	defer entry.CloseSums()
	archive, at, err := from.Place(f.Offset)
	if err != nil {
		return err
	}
	entry.Offset = at
	if same && e.Type == sidecar.TypeFile {
		local := *e
		local.Offset = at
		return s.out.CopyFile(archive, &local, &entry)
	}
	h := it.header
	if h.Path == "" {
		var err error
		if h, err = s.fullHeader(it); err != nil {
			return err
		}
	}
	h.Type, h.Size, h.Link = sidecar.TypeFile, f.Size, ""
	return s.out.CopyContent(archive, &h, &entry)
}
