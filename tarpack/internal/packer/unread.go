package packer

import (
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// skipUnread takes the error of what cannot be read and is left out.
func (p *Packer) skipUnread(err error) bool {
	p.unread.Add(1)
	p.Options.Notice(fmt.Errorf("%w: %w", err, format.ErrUnread))
	return true
}

// unread returns the error of reading the file of an item, or nil if the file is left out.
func (s *sequencer) unread(it *Item, err error) error {
	if err == nil || s.skipUnread == nil || !it.onDisk() || !s.skipUnread(err) {
		return err
	}
	if it.Inode != (durable.Inode{}) {
		delete(s.known.ByInode, it.Inode)
	}
	if s.packed != nil {
		s.packed.forget(it)
		s.left[it.path] = true
	}
	return nil
}
