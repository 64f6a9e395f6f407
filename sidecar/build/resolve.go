package build

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Offsets in a reference, which is the value of a hard link in the sorter of references. Its key is
// the path of the target in sortable form.
const (
	refOrdinal = 0              // u32
	refOffset  = refOrdinal + 4 // u64: place in the archive
	refSeq     = refOffset + 8  // u64
	refSize    = refSeq + 8
)

// reference is the value of a hard link in the sorter of references.
type reference []byte

func (r reference) set(ordinal uint32, p place) {
	binary.LittleEndian.PutUint32(r[refOrdinal:], ordinal)
	binary.LittleEndian.PutUint64(r[refOffset:], uint64(p.offset))
	binary.LittleEndian.PutUint64(r[refSeq:], p.seq)
}

func (r reference) ordinal() uint32 { return binary.LittleEndian.Uint32(r[refOrdinal:]) }

func (r reference) place() place {
	return place{
		offset: int64(binary.LittleEndian.Uint64(r[refOffset:])),
		seq:    binary.LittleEndian.Uint64(r[refSeq:]),
	}
}

// reference adds a reference from the current item, a hard link, to a target in sortable form.
func (f *finisher) reference(target []byte, here place) error {
	key, val, err := f.refs.Add(len(target), refSize)
	if err != nil {
		return err
	}
	copy(key, target)
	reference(val).set(f.n, here)
	return nil
}

// resolveLinks finds the target of each hard link. It reads items and references side by side, both
// in path order.
func (f *finisher) resolveLinks() error {
	if f.stats.Hardlinks == 0 {
		return nil
	}
	refs, err := f.refs.Iterate()
	if err != nil {
		return err
	}
	items, err := f.b.sorted()
	if err != nil {
		return err
	}
	var key []byte // of the item
	var val itemValue
	ordinal, c := int64(-1), -1
	for {
		target, ref, ok, err := refs.Next()
		if !ok || err != nil {
			return err
		}
		for ordinal < int64(f.n) { // forward to the first item not before the target
			if ordinal >= 0 {
				if c = bytes.Compare(key, target); c >= 0 {
					break
				}
			}
			if key, val, _, err = items.Next(); err != nil {
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

// resolve adds a patch with what a hard link repeats of its target, the item with the given ordinal
// and value.
func (f *finisher) resolve(ordinal uint32, target []byte, val itemValue, ref reference) error {
	switch {
	case val.typ() != sidecar.TypeFile:
		return f.noTarget(target, ref, "is of type "+val.typ().String())
	case !f.b.opt.Unordered && !val.place().before(ref.place()):
		return f.noTarget(target, ref, "comes later")
	}
	r := val.record()
	if f.stats.LinkBytes += uint64(r.Size()); f.stats.LinkBytes > layout.MaxBytes {
		return fmt.Errorf("%w: the hard links stand for more than 2^62 bytes", ErrItem)
	}
	if err := f.names.Add(ordinal, ref.ordinal(), uint64(r.Wide())); err != nil {
		return err
	}
	size := linkPatchSize
	if f.b.opt.SHA256 {
		size = linkSumPatchSize
	}
	p, err := patch(f.patches, ref.ordinal(), size)
	if err != nil {
		return err
	}
	linkPatch(p).set(ordinal, r)
	switch {
	case !f.b.opt.SHA256:
	case r.Size() == 0:
		copy(linkPatch(p).sum(), layout.EmptySum[:])
	default:
		copy(linkPatch(p).sum(), val.sums().sum())
	}
	return nil
}

// noTarget returns the error for a hard link without a target. It reads the items again to find the
// path of the link.
func (f *finisher) noTarget(target []byte, ref reference, why string) error {
	to := appendReadable(nil, target)
	items, err := f.b.sorted()
	if err != nil {
		return err
	}
	for n := ref.ordinal(); ; n-- {
		key, _, _, err := items.Next()
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %q: its target %q %s",
				ErrNoTarget, appendReadable(nil, key), to, why)
		}
	}
}
