package sidecar

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// pairSize is the length of a key of the table's sorter: hash u64 and ordinal u32, big-endian, to sort as numbers do.
const pairSize = 12

// putPair makes such a key.
func putPair(key []byte, h uint64, ordinal uint32) {
	binary.BigEndian.PutUint64(key, h)
	binary.BigEndian.PutUint32(key[8:], ordinal)
}

// writeTable puts the entries into buckets, in order of hash and ordinal.
func (f *finisher) writeTable() error {
	s := &f.head.sections
	s[secTable].off = aligned(s[secPaths].off + s[secPaths].len)
	t := &tableWriter{w: newSectionWriter(f.dst, s[secTable].off), m: homes(int64(f.n))}
	pairs, err := f.pairs.iterate()
	if err != nil {
		return err
	}
	for {
		key, _, ok, err := pairs.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := t.add(binary.BigEndian.Uint64(key), binary.BigEndian.Uint32(key[8:])); err != nil {
			return err
		}
	}
	err = t.finish()
	s[secTable].len = t.w.off - s[secTable].off
	return err
}

// tableWriter makes the table.
type tableWriter struct {
	w      *sectionWriter
	m      int64 // home buckets
	at     int64 // the bucket that is being filled
	bucket [bucketSize]byte
}

// add takes the next entry.
func (t *tableWriter) add(h uint64, ordinal uint32) error {
	to := home(h, t.m)
	for t.at < to {
		t.flush(false)
	}
	if t.bucket[bucketCount] == bucketSlots {
		t.flush(true)
	}
	if t.at-to > maxReach {
		return fmt.Errorf("%w: over %d near %016x", ErrCollision, maxReach*bucketSlots, h)
	}
	slot := int(t.bucket[bucketCount])
	binary.LittleEndian.PutUint32(t.bucket[4*slot:], ordinal)
	t.bucket[bucketTags+slot] = uint8(h)
	t.bucket[bucketCount]++
	return nil
}

// finish writes the last bucket in use, and the empty home buckets after it.
func (t *tableWriter) finish() error {
	for t.at < t.m || t.bucket[bucketCount] > 0 {
		t.flush(false)
	}
	return t.w.flush()
}

// flush writes the bucket and goes on to the next.
func (t *tableWriter) flush(spill bool) {
	if spill {
		t.bucket[bucketSpill] = 1
	}
	t.w.write(t.bucket[:])
	t.bucket = [bucketSize]byte{}
	t.at++
}

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
	var d xxhash.Digest
	var zeros [alignment]byte
	for i := range f.head.sections {
		s := &f.head.sections[i]
		d.Reset()
		for at := int64(0); at < s.len; {
			b := buf[:min(int64(len(buf)), s.len-at)]
			if err := readFull(f.dst, b, s.off+at); err != nil {
				return err
			}
			if i == secRecords {
				if err := fill.apply(b, at/recordSize); err != nil {
					return err
				}
				if _, err := f.dst.WriteAt(b, s.off+at); err != nil {
					return err
				}
			}
			d.Write(b)
			at += int64(len(b))
		}
		s.hash = d.Sum64()
		if gap := aligned(s.off+s.len) - (s.off + s.len); gap > 0 && i < numSections-1 {
			if _, err := f.dst.WriteAt(zeros[:gap], s.off+s.len); err != nil {
				return err
			}
		}
	}
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

// apply applies all patches of a run of records that starts with the given ordinal.
func (p *patcher) apply(records []byte, first int64) error {
	end := first + int64(len(records))/recordSize
	for p.ordinal >= 0 && p.ordinal < end {
		applyPatch(records[(p.ordinal-first)*recordSize:][:recordSize], p.val)
		if err := p.next(); err != nil {
			return err
		}
	}
	return nil
}
