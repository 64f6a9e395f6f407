package sidecar

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// What a finisher sorts beside the items.
const (
	// A reference: a hard link, by the sortable path of its target.
	refOrdinal = 0
	refOffset  = 4
	refSeq     = 12
	refLen     = 20

	// A patch of a record, by its ordinal (big-endian, to sort as a number does): a directory's end, or what a hard link has
	// of its target.
	patchKey = 4
	patchDir = 4 // end u32

	linkTarget = 0 // ordinal u32
	linkSize   = 4
	linkHash   = 12
	linkSniff  = 20
	patchLink  = 21
)

// reference remembers the hard link that comes next, to a target in sortable form.
func (f *finisher) reference(target []byte, here place) error {
	key, val, err := f.refs.add(len(target), refLen)
	if err != nil {
		return err
	}
	copy(key, target)
	binary.LittleEndian.PutUint32(val[refOrdinal:], f.n)
	binary.LittleEndian.PutUint64(val[refOffset:], uint64(here.offset))
	binary.LittleEndian.PutUint64(val[refSeq:], here.seq)
	return nil
}

// patch remembers n bytes that belong into a record, for the caller to fill.
func (f *finisher) patch(ordinal uint32, n int) ([]byte, error) {
	key, val, err := f.patches.add(patchKey, n)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint32(key, ordinal)
	return val, nil
}

// resolveLinks goes through items and references side by side, both in path order, and finds each hard link's target.
func (f *finisher) resolveLinks() error {
	if f.b.stats.Hardlinks == 0 {
		return nil
	}
	refs, err := f.refs.iterate()
	if err != nil {
		return err
	}
	items, err := f.b.items.iterate()
	if err != nil {
		return err
	}
	var key, val []byte // of the item
	ordinal, c := int64(-1), -1
	for {
		target, ref, ok, err := refs.next()
		if !ok || err != nil {
			return err
		}
		for ordinal < int64(f.n) { // forward to the first item not before the target
			if ordinal >= 0 {
				if c = bytes.Compare(key, target); c >= 0 {
					break
				}
			}
			if key, val, _, err = items.next(); err != nil {
				return err
			}
			ordinal++
		}
		if c != 0 || ordinal == int64(f.n) {
			return f.noTarget(target, ref, "is missing")
		}
		if err := f.resolve(uint32(ordinal), target, val, ref); err != nil {
			return err
		}
	}
}

// resolve gives a hard link what it has of its target, which is the item with the given ordinal and value.
func (f *finisher) resolve(ordinal uint32, target, val, ref []byte) error {
	le := binary.LittleEndian
	var e Entry
	e.decode(val[itemRecord:itemShift])
	link := place{offset: int64(le.Uint64(ref[refOffset:])), seq: le.Uint64(ref[refSeq:])}
	switch {
	case e.Type != TypeFile:
		return f.noTarget(target, ref, "is of type "+e.Type.String())
	case !f.b.opt.Unordered && !placeOf(&e, val).before(link):
		return f.noTarget(target, ref, "comes later")
	}
	f.head.stats.LinkBytes += uint64(e.Size)
	p, err := f.patch(le.Uint32(ref[refOrdinal:]), patchLink)
	if err != nil {
		return err
	}
	le.PutUint32(p[linkTarget:], ordinal)
	le.PutUint64(p[linkSize:], uint64(e.Size))
	le.PutUint64(p[linkHash:], e.Hash)
	p[linkSniff] = uint8(e.Sniff)
	return nil
}

// noTarget is the error for a hard link without a target. It goes through the items again to tell the link's path.
func (f *finisher) noTarget(target, ref []byte, why string) error {
	to := appendReadable(nil, target)
	items, err := f.b.items.iterate()
	if err != nil {
		return err
	}
	for n := binary.LittleEndian.Uint32(ref[refOrdinal:]); ; n-- {
		key, _, _, err := items.next()
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %q: its target %q %s", ErrNoTarget, appendReadable(nil, key), to, why)
		}
	}
}

// applyPatch fills the hole that a patch is for, in the record of a directory or hard link.
func applyPatch(record, patch []byte) {
	le := binary.LittleEndian
	var e Entry
	e.decode(record)
	if len(patch) == patchDir {
		e.End = le.Uint32(patch)
	} else {
		e.Target = le.Uint32(patch[linkTarget:])
		e.Size = int64(le.Uint64(patch[linkSize:]))
		e.Hash = le.Uint64(patch[linkHash:])
		e.Sniff = Sniff(patch[linkSniff])
	}
	e.encode(record)
}
