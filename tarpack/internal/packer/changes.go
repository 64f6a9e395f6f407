package packer

import (
	"errors"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// errFirstChange ends a run that only asks whether there is anything to change.
var ErrFirstChange = errors.New("there is a change")

// A changeLog takes note of what changes. Only the sequencer uses it.
type ChangeLog struct {
	format.Changes
	Each  func(format.ChangeKind, string) // told of every change, if set
	First bool                            // stop at the first
}

func (c *ChangeLog) note(kind format.ChangeKind, path string) error {
	if c.First {
		return ErrFirstChange
	}
	switch kind {
	case format.Added:
		c.Added++
	case format.Changed:
		c.Changed++
	case format.Removed:
		c.Removed++
	}
	if c.Each != nil {
		c.Each(kind, path)
	}
	return nil
}

func (c *ChangeLog) removed(path string) error { return c.note(format.Removed, path) }

// content notes a file with content of its own.
func (c *ChangeLog) content(it *Item) error {
	if it.Old.From == nil {
		return c.note(format.Added, it.Path())
	}
	return c.note(format.Changed, it.Path())
}

// kept notes a file that has the content of its old entry; same: and its header.
func (c *ChangeLog) kept(it *Item, same bool) error {
	if !same {
		return c.note(format.Changed, it.Path())
	}
	c.Kept++
	return nil
}

// header notes an entry without content whose header is h.
func (c *ChangeLog) header(it *Item, h *format.Header) error {
	switch {
	case it.Old.From == nil:
		return c.note(format.Added, it.Path())
	case it.Info == nil && it.GivenHeader == nil:
		c.Kept++
		return nil
	}
	old, err := it.Old.Header()
	if err != nil {
		return err
	}
	return c.kept(it, *h == old)
}

// again notes one more name of a file, which is first.
func (c *ChangeLog) again(it *Item, h *format.Header, first *storedCopy) error {
	if it.Old.From == nil {
		return c.note(format.Added, it.Path())
	}
	e, err := it.Old.entry()
	if err != nil {
		return err
	}
	same := it.oldSize() == h.Size && e.ModTime == h.ModTime && e.Mode == h.Mode && e.Type == sidecar.TypeHardlink && !e.Duplicate
	if same {
		link, err := it.Old.From.Index.Link(int(it.Old.I))
		if err != nil {
			return err
		}
		same = link == first.path
	}
	return c.kept(it, same)
}
