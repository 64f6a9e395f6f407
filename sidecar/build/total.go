package build

import (
	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/totals"
)

// countTotals fills in the ends of directories and the values of hard links, and counts what is
// below each directory.
func (f *finisher) countTotals() error {
	if err := f.names.Sort(); err != nil {
		return err
	}
	fill, err := newPatcher(f.patches)
	if err != nil {
		return err
	}
	s := f.sections[layout.Records]
	buf := make([]byte, recordsBuffer)
	var c totals.Counter
	for at := int64(0); at < s.Len; {
		b := buf[:min(int64(len(buf)), s.Len-at)]
		if err := layout.ReadFull(f.dst, b, s.Off+at); err != nil {
			return err
		}
		first := at / layout.RecordSize
		patched, err := fill.apply(b, first)
		if err != nil {
			return err
		}
		if patched {
			if _, err := f.dst.WriteAt(b, s.Off+at); err != nil {
				return err
			}
		}
		for i := 0; i < len(b); i += layout.RecordSize {
			ordinal := uint32(first) + uint32(i/layout.RecordSize)
			if err := f.countRecord(&c, ordinal, layout.AsRecord(b[i:])); err != nil {
				return err
			}
		}
		at += int64(len(b))
	}
	return addTotals(f.totals, &c, f.n)
}

// countRecord counts an entry.
func (f *finisher) countRecord(c *totals.Counter, ordinal uint32, r *layout.Record) error {
	if err := addTotals(f.totals, c, ordinal); err != nil {
		return err
	}
	switch t := sidecar.Type(r.Type()); t {
	case sidecar.TypeDir:
		c.Dir(ordinal, r.Narrow())
	case sidecar.TypeFile, sidecar.TypeHardlink:
		before, member, _, err := f.names.Of(ordinal)
		if err != nil {
			return err
		}
		if t == sidecar.TypeFile {
			member = uint64(r.Wide())
		} else if r.Duplicate() {
			f.stats.SavedBytes += member
		}
		c.Content(uint64(r.Size()), member, before)
	default:
		c.Other()
	}
	return nil
}

// addTotals adds patches for the directories that end before an entry.
func addTotals(patches *sorter.Sorter, c *totals.Counter, ordinal uint32) error {
	for {
		dir, t, ok := c.Ended(ordinal)
		if !ok {
			return nil
		}
		val, err := patch(patches, dir, totalPatchSize)
		if err != nil {
			return err
		}
		totalPatch(val).set(t)
	}
}
