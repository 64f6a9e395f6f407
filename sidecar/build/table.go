package build

import (
	"encoding/binary"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// A pair is a record of the sorter for the table. Its key is hash u64 and ordinal u32, big-endian
// so that bytes sort like numbers. Its value is the place, a u64.
const (
	pairHash    = 0
	pairOrdinal = pairHash + 8
	pairSize    = pairOrdinal + 4
	pairPlace   = 8
)

// putPair sets the key of a pair.
func putPair(key []byte, h uint64, ordinal uint32) {
	binary.BigEndian.PutUint64(key[pairHash:], h)
	binary.BigEndian.PutUint32(key[pairOrdinal:], ordinal)
}

// writeTable puts the entries into buckets, in order of hash and ordinal.
func (f *finisher) writeTable() error {
	s := &f.sections[layout.Table]
	s.Off = layout.Aligned(f.sections[layout.Paths].End())
	t := layout.NewTableWriter(layout.NewSectionWriter(f.dst, s.Off), int64(f.n))
	pairs, err := f.pairs.Iterate()
	if err != nil {
		return err
	}
	for {
		key, val, ok, err := pairs.Next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		h, place := binary.BigEndian.Uint64(key[pairHash:]), binary.LittleEndian.Uint64(val)
		if err := t.Add(h, place); err != nil {
			return err
		}
	}
	err = t.Finish()
	s.Len = t.Off() - s.Off
	return err
}
