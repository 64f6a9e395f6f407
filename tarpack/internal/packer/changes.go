package packer

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
)

// ErrFirstChange ends a run that only asks whether there is anything to change.
var ErrFirstChange = errors.New("there is a change")

// A ChangeLog notes what changes in an archive. It is for the sequencer alone.
type ChangeLog struct {
	format.Changes
	Each  func(format.ChangeKind, string) // receives every change, if set
	Shard func(ShardChange) error         // receives every change of a set, if set
	First bool                            // end the run with ErrFirstChange
	// Removals ends the run with format.ErrRemovals when too many entries are removed, if set.
	Removals *Removals
}

// A ShardChange is a change in a set.
type ShardChange struct {
	Path     string
	Shard    int  // that the new entry goes into, -1 for a removed entry
	TimeOnly bool // of a directory nothing but the time has changed
}

// Removals limits the entries that an edit removes. nil limits nothing.
type Removals struct {
	Limit int64 // how many may be removed
	Of    int64 // entries of the archive
}

// Check returns an error that wraps format.ErrRemovals if n entries are too many.
func (r *Removals) Check(n int64) error {
	if r == nil || n <= r.Limit {
		return nil
	}
	return fmt.Errorf("%w: more than %d of %d", format.ErrRemovals, r.Limit, r.Of)
}

func (c *ChangeLog) note(kind format.ChangeKind, at ShardChange) error {
	if c.First {
		return ErrFirstChange
	}
	if c.Shard != nil {
		if err := c.Shard(at); err != nil {
			return err
		}
	}
	switch kind {
	case format.Added:
		c.Added++
	case format.Changed:
		c.Changed++
	case format.Removed:
		c.Removed++
		if err := c.Removals.Check(c.Removed); err != nil {
			return err
		}
	}
	if c.Each != nil {
		c.Each(kind, at.Path)
	}
	return nil
}

func (c *ChangeLog) removed(path string) error {
	return c.note(format.Removed, ShardChange{Path: path, Shard: -1})
}

// content notes a file whose content is not that of its old entry.
func (c *ChangeLog) content(it *Item) error {
	kind := format.Changed
	if it.Old.From == nil {
		kind = format.Added
	}
	return c.note(kind, it.change())
}

// kept notes a file that has the content of its old entry, and the same header if same is true.
func (c *ChangeLog) kept(it *Item, same bool) error {
	if !same {
		return c.note(format.Changed, it.change())
	}
	c.Kept++
	return nil
}

// header notes an entry without content whose header is h.
func (c *ChangeLog) header(it *Item, h *format.Header) error {
	switch {
	case it.Old.From == nil:
		return c.note(format.Added, it.change())
	case it.fromArchive():
		c.Kept++
		return nil
	}
	old, err := it.Old.Header()
	if err != nil {
		return err
	}
	if *h == old {
		c.Kept++
		return nil
	}
	at := it.change()
	old.ModTime = h.ModTime
	at.TimeOnly = *h == old && h.Type == sidecar.TypeDir
	return c.note(format.Changed, at)
}

// again notes one more name of a file whose first name was placed as first.
func (c *ChangeLog) again(it *Item, h *format.Header, first *dedup.Copy) error {
	if it.Old.From == nil {
		return c.note(format.Added, it.change())
	}
	e, err := it.Old.Record()
	if err != nil {
		return err
	}
	same := it.Old.ContentSize() == h.Size && e.ModTime == h.ModTime && e.Mode == h.Mode &&
		e.Type == sidecar.TypeHardlink && !e.Duplicate
	if same {
		link, err := it.Old.From.Index.Link(int(it.Old.I))
		if err != nil {
			return err
		}
		same = link == first.Path
	}
	return c.kept(it, same)
}

// change returns the change of the item.
func (it *Item) change() ShardChange { return ShardChange{Path: it.path, Shard: it.Shard} }
