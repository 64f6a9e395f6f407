package build

import (
	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// recordsBuffer is how many bytes of records are read back at a time: whole records.
const recordsBuffer = layout.SectionBuffer / layout.RecordSize * layout.RecordSize

// hashSections reads all sections back and hashes them. It fills the gaps between them with zeros,
// and the totals into the records of directories.
func (f *finisher) hashSections() error {
	fill, err := newPatcher(f.totals)
	if err != nil {
		return err
	}
	buf := make([]byte, recordsBuffer)
	var zeros [layout.Alignment]byte
	for i := range f.sections {
		s := &f.sections[i]
		if err := f.hashSection(s, buf, fill, i == layout.Records); err != nil {
			return err
		}
		if gap := layout.Aligned(s.End()) - s.End(); gap > 0 && i < layout.NumSections-1 {
			if _, err := f.dst.WriteAt(zeros[:gap], s.End()); err != nil {
				return err
			}
		}
	}
	return nil
}

// hashSection sets the hash of a section. If it is that of the records, it fills in the totals
// first.
func (f *finisher) hashSection(s *layout.Span, buf []byte, fill *patcher, records bool) error {
	d := xxhash.New()
	for at := int64(0); at < s.Len; {
		b := buf[:min(int64(len(buf)), s.Len-at)]
		if err := layout.ReadFull(f.dst, b, s.Off+at); err != nil {
			return err
		}
		if records {
			patched, err := fill.apply(b, at/layout.RecordSize)
			if err != nil {
				return err
			}
			if patched {
				if _, err := f.dst.WriteAt(b, s.Off+at); err != nil {
					return err
				}
			}
		}
		d.Write(b)
		at += int64(len(b))
	}
	s.Hash = d.Sum64()
	return nil
}
