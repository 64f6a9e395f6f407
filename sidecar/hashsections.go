package sidecar

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// hashSections reads all sections back and hashes them, filling the gaps between them with zeros and the holes in records
// with what the patches say.
func (f *finisher) hashSections() error {
	patches, err := f.patches.iterate()
	if err != nil {
		return err
	}
	fill := &patcher{patches: patches}
	if err := fill.next(); err != nil {
		return err
	}
	buf := make([]byte, sectionBuffer/recordSize*recordSize)
	var zeros [alignment]byte
	for i := range f.head.sections {
		s := &f.head.sections[i]
		if err := f.hashSection(s, buf, fill, i == secRecords); err != nil {
			return err
		}
		if gap := aligned(s.off+s.len) - (s.off + s.len); gap > 0 && i < numSections-1 {
			if _, err := f.dst.WriteAt(zeros[:gap], s.off+s.len); err != nil {
				return err
			}
		}
	}
	return nil
}

// hashSection sets a section's hash. If it is that of the records it applies the patches, too.
func (f *finisher) hashSection(s *span, buf []byte, fill *patcher, records bool) error {
	d := xxhash.New()
	for at := int64(0); at < s.len; {
		b := buf[:min(int64(len(buf)), s.len-at)]
		if err := readFull(f.dst, b, s.off+at); err != nil {
			return err
		}
		if records {
			patched, err := fill.apply(b, at/recordSize)
			if err != nil {
				return err
			}
			if patched {
				if _, err := f.dst.WriteAt(b, s.off+at); err != nil {
					return err
				}
			}
		}
		d.Write(b)
		at += int64(len(b))
	}
	s.hash = d.Sum64()
	return nil
}

// patcher applies patches to records.
type patcher struct {
	patches *sorted
	ordinal int64 // of the next patch; −1 when there is none left
	val     []byte
}

// next reads the next patch.
func (p *patcher) next() error {
	key, val, ok, err := p.patches.next()
	p.ordinal, p.val = -1, val
	if ok {
		p.ordinal = int64(binary.BigEndian.Uint32(key))
	}
	return err
}

// apply applies all patches of a run of records that starts with the given ordinal. False if there are none.
func (p *patcher) apply(records []byte, first int64) (patched bool, err error) {
	end := first + int64(len(records))/recordSize
	for p.ordinal >= 0 && p.ordinal < end {
		applyPatch(records[(p.ordinal-first)*recordSize:][:recordSize], p.val)
		patched = true
		if err := p.next(); err != nil {
			return true, err
		}
	}
	return patched, nil
}
