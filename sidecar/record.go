package sidecar

import (
	"bytes"
	"fmt"
	"runtime/debug"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Entry returns entry i, 0 to Len − 1. Every value has been checked: the members lie within the
// archive and before its trailer, End and Target are ordinals of this sidecar, and the target is a
// regular file of the same size and hash. The error wraps [ErrRange] if there is no entry i, or
// [ErrCorrupt] if its record contradicts itself.
func (x *Index) Entry(i int) (e Entry, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return Entry{}, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	if err := x.entry(&e, i, sc); err != nil {
		return Entry{}, err
	}
	return e, nil
}

// entry is Entry for an ordinal in range.
func (x *Index) entry(e *Entry, i int, sc *scratch) error {
	b, err := x.record(int64(i), &sc.record)
	if err != nil {
		return err
	}
	return x.decode(e, b, i, sc)
}

// decode sets e to entry i, of which b is the record.
func (x *Index) decode(e *Entry, b []byte, i int, sc *scratch) error {
	if !e.decode(b) {
		return layout.Corruptf("entry %d: unknown type, or bytes that are not zero", i)
	}
	return x.checkRecord(e, i, sc)
}

// checkRecord checks the values of entry i.
func (x *Index) checkRecord(e *Entry, i int, sc *scratch) error {
	if err := e.Check(); err != nil {
		return layout.Corruptf("entry %d: %v", i, err)
	}
	if end := e.Offset + e.Length(); end > x.archiveSize-layout.TrailerMember {
		return layout.Corruptf("entry %d lies from %d to %d in an archive of %d bytes",
			i, e.Offset, end, x.archiveSize)
	}
	switch e.Type {
	case TypeDir:
		if int64(e.End) <= int64(i) || e.End > uint32(x.entries) {
			return layout.Corruptf("directory %d ends at entry %d", i, e.End)
		}
	case TypeSymlink:
		if e.linkOffset > x.sections[layout.Links].Len-e.Size {
			return layout.Corruptf("entry %d has a link target at %d, %d bytes",
				i, e.linkOffset, e.Size)
		}
	case TypeHardlink:
		return x.checkTarget(e, i, sc)
	}
	return nil
}

// checkTarget checks that the target of hard link i is a regular file with the values that the link
// repeats.
func (x *Index) checkTarget(e *Entry, i int, sc *scratch) error {
	b, err := x.record(int64(e.Target), &sc.target)
	if err != nil {
		return fmt.Errorf("entry %d: target %d: %w", i, e.Target, err)
	}
	var t Entry
	if !t.decode(b) || t.Type != TypeFile ||
		t.Size != e.Size || t.Hash != e.Hash || t.Sniff != e.Sniff {
		return layout.Corruptf("entry %d is a hard link to entry %d, which is not its target",
			i, e.Target)
	}
	return nil
}

// Link returns what a link points to: the text of a symbolic link, or the path of a hard link's
// target. The error wraps [ErrRange] if entry i is not a link.
func (x *Index) Link(i int) (string, error) {
	b, err := x.AppendLink(nil, i)
	return string(b), err
}

// AppendLink appends what a link points to, as Link returns it, to dst.
func (x *Index) AppendLink(dst []byte, i int) (out []byte, err error) {
	out = dst // the result after a fault
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return dst, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	var e Entry
	if err := x.entry(&e, i, sc); err != nil {
		return dst, err
	}
	switch e.Type {
	case TypeHardlink:
		return x.appendPath(dst, int(e.Target), sc)
	case TypeSymlink:
		b, err := x.view(layout.Links, e.linkOffset, e.Size, &sc.text)
		if err != nil {
			return dst, err
		}
		if bytes.IndexByte(b, 0) >= 0 {
			return dst, layout.Corruptf("entry %d has a link target with a NUL byte", i)
		}
		return append(dst, b...), nil
	}
	return dst, fmt.Errorf("%w: entry %d is no link but of type %v", ErrRange, i, e.Type)
}
