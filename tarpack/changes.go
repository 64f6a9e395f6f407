package tarpack

import (
	"errors"

	"github.com/tarpack/tpk/sidecar"
)

// ChangeKind says how an archive differs from what it was, at one path.
type ChangeKind uint8

// The kinds of change.
const (
	Added   ChangeKind = 1 + iota // the path is new
	Changed                       // content, type, mode, time, owner or link target is another one
	Removed                       // the path is gone
)

// String is added, changed or removed.
func (k ChangeKind) String() string {
	switch k {
	case Added:
		return "added"
	case Changed:
		return "changed"
	}
	return "removed"
}

// Changes counts the entries that a command has changed in an archive, or would.
type Changes struct {
	Added, Changed, Removed int64
	Kept                    int64 // are as they were
	Ignored                 int64 // of those to add: were there already
}

// Any says whether there was a change.
func (c Changes) Any() bool { return c.Added+c.Changed+c.Removed > 0 }

// errFirstChange ends a run that only asks whether there is anything to change.
var errFirstChange = errors.New("there is a change")

// A changeLog takes note of what changes. Only the sequencer uses it.
type changeLog struct {
	Changes
	each  func(ChangeKind, string) // told of every change, if set
	first bool                     // stop at the first
}

func (c *changeLog) note(kind ChangeKind, path string) error {
	if c.first {
		return errFirstChange
	}
	switch kind {
	case Added:
		c.Added++
	case Changed:
		c.Changed++
	case Removed:
		c.Removed++
	}
	if c.each != nil {
		c.each(kind, path)
	}
	return nil
}

func (c *changeLog) removed(path string) error { return c.note(Removed, path) }

// content notes a file with content of its own.
func (c *changeLog) content(it *item) error {
	if it.old.from == nil {
		return c.note(Added, it.path())
	}
	return c.note(Changed, it.path())
}

// kept notes a file that has the content of its old entry; same: and its header.
func (c *changeLog) kept(it *item, same bool) error {
	if !same {
		return c.note(Changed, it.path())
	}
	c.Kept++
	return nil
}

// header notes an entry without content whose header is h.
func (c *changeLog) header(it *item, h *Header) error {
	switch {
	case it.old.from == nil:
		return c.note(Added, it.path())
	case it.info == nil && it.given == nil:
		c.Kept++
		return nil
	}
	old, err := it.old.header()
	if err != nil {
		return err
	}
	return c.kept(it, *h == old)
}

// again notes one more name of a file, which is first.
func (c *changeLog) again(it *item, h *Header, first *written) error {
	if it.old.from == nil {
		return c.note(Added, it.path())
	}
	e, err := it.old.entry()
	if err != nil {
		return err
	}
	same := it.oldSize() == h.Size && e.ModTime == h.ModTime && e.Mode == h.Mode && e.Type == sidecar.TypeHardlink && !e.Duplicate
	if same {
		link, err := it.old.from.index.Link(int(it.old.i))
		if err != nil {
			return err
		}
		same = link == first.path
	}
	return c.kept(it, same)
}
