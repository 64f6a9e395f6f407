package pull

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// A contentKey nominates a content: what the record of a file states of it.
type contentKey struct {
	hash   uint64
	size   int64
	length int64
	crc    uint32
	coding coding.Coding
}

func keyOf(e *sidecar.Entry) contentKey {
	return contentKey{e.Hash, e.Size, e.ContentLen, e.CRC, e.Coding}
}

// readOld collects the contents of the old archive, and their segments.
func (j *job) readOld() error {
	if j.old == nil {
		return nil
	}
	j.contents, j.segments = map[contentKey]uint32{}, map[segmentKey]int64{}
	x := j.old.Index
	j.sums = x.HasSHA256() && j.index.HasSHA256()
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", j.old.Name, err)
		}
		e := &row.Entry
		if e.Type != sidecar.TypeFile || e.ContentLen == 0 {
			continue
		}
		j.contents[keyOf(e)] = uint32(row.Ordinal)
		if !j.hasParts(e) {
			continue
		}
		keys, ends, err := j.partKeys(x, row.Ordinal, e)
		if err != nil {
			return fmt.Errorf("%s: %w", j.old.Name, err)
		}
		begin := int64(0)
		for k, key := range keys {
			j.segments[key] = e.ContentOffset() + firstBytes + begin
			begin = ends[k]
		}
	}
	return nil
}

// match returns the offset in the old archive of the C that is that of file i, whose record is e.
func (j *job) match(i int, e *sidecar.Entry) (off int64, ok bool, err error) {
	k, ok := j.contents[keyOf(e)]
	if !ok {
		return 0, false, nil
	}
	old, err := j.old.Index.Entry(int(k))
	if err != nil {
		return 0, false, err
	}
	if j.sums {
		a, errA := j.index.SHA256(i)
		b, errB := j.old.Index.SHA256(int(k))
		if err := errors.Join(errA, errB); err != nil || a != b {
			return 0, false, err
		}
	}
	if e.Coding == coding.Segmented {
		same, err := sameSegments(j.index, i, j.old.Index, int(k))
		if err != nil || !same {
			return 0, false, err
		}
	}
	return old.ContentOffset(), true, nil
}

// sameSegments reports whether two contents are divided into segments of the same lengths.
func sameSegments(x *sidecar.Index, i int, y *sidecar.Index, k int) (bool, error) {
	a, err := segmentsOf(x, i)
	if err != nil {
		return false, err
	}
	b, err := segmentsOf(y, k)
	return err == nil && a.Shift == b.Shift && slices.Equal(a.Lengths, b.Lengths), err
}

// segmentsOf returns the segment table of file i of an index.
func segmentsOf(x *sidecar.Index, i int) (gzmember.Segments, error) {
	t, err := x.Segments(i)
	if err != nil {
		return gzmember.Segments{}, err
	}
	lengths, err := t.AppendLengths(nil)
	return gzmember.Segments{Shift: t.Shift, Lengths: lengths}, err
}

// A segmentKey is the SHA-256 of what makes two parts of contents the same bytes, as far as an
// index has it. For a segment these are the sums of its MiBs, how the content is divided, the
// length, and whether it is the last one. Without sums, its path and its number take their place:
// few segments get the same length if their contents differ, and the CRC-32 and the xxHash64 of the
// whole content show that. For a MiB of a stored content it is its sum, and where it is, as the
// places of block headers depend on that.
type segmentKey [sha256.Size]byte

// hasParts reports whether a content has parts that can be taken alone.
func (j *job) hasParts(e *sidecar.Entry) bool {
	return e.Coding == coding.Segmented ||
		j.sums && e.Coding == coding.Stored && e.Size > sidecar.SumMiB
}

// partKeys returns the key and the end of each part of file i of an index, whose record is e. Ends
// count from the beginning of the deflate stream. Bytes may follow the last part.
func (j *job) partKeys(x *sidecar.Index, i int, e *sidecar.Entry) ([]segmentKey, []int64, error) {
	if e.Coding == coding.Stored {
		return storedKeys(x, i, e)
	}
	if !j.sums {
		return placeKeys(x, i, e)
	}
	return segmentKeys(x, i, e)
}

// isGuess reports whether a piece that is copied is a segment whose length alone speaks for it.
func (j *job) isGuess(p *piece) bool { return p.part == partSegment && !j.sums }

// placeKeys is partKeys for a content in segments, where an index has no sums.
func placeKeys(x *sidecar.Index, i int, e *sidecar.Entry) ([]segmentKey, []int64, error) {
	t, err := segmentsOf(x, i)
	if err != nil {
		return nil, nil, err
	}
	path, err := x.Path(i)
	if err != nil {
		return nil, nil, err
	}
	keys, ends := make([]segmentKey, len(t.Lengths)), make([]int64, len(t.Lengths))
	end, b := int64(0), []byte(nil)
	for k, length := range t.Lengths {
		last := k == len(t.Lengths)-1
		size := int64(1) << t.Shift
		if last {
			size = e.Size - int64(k)<<t.Shift
		}
		b = binary.LittleEndian.AppendUint32(b[:0], length)
		b = binary.LittleEndian.AppendUint64(b, uint64(size))
		b = append(b, t.Shift, boolByte(last))
		b = append(binary.LittleEndian.AppendUint64(b, uint64(k)), path...)
		end += int64(length)
		keys[k], ends[k] = sha256.Sum256(b), end
	}
	return keys, ends, nil
}

// storedKeys is partKeys for a stored content. The last block, whose header differs, is in no part.
func storedKeys(x *sidecar.Index, i int, e *sidecar.Entry) ([]segmentKey, []int64, error) {
	sums, err := x.MiBSums(i)
	if err != nil {
		return nil, nil, err
	}
	n := int((e.Size - 1) / coding.StoredBlock * coding.StoredBlock / sidecar.SumMiB)
	if n > sums.Len {
		return nil, nil, fmt.Errorf("%w: %d sums for %d MiB", format.ErrCorrupt, sums.Len, n)
	}
	keys, ends, b := make([]segmentKey, n), make([]int64, n), []byte(nil)
	for k := range n {
		b = binary.LittleEndian.AppendUint64(append(b[:0], "stored"...), uint64(k))
		if b, err = sums.AppendSums(b, k, 1); err != nil {
			return nil, nil, err
		}
		keys[k] = sha256.Sum256(b)
		ends[k] = gzmember.StoredOffset(int64(k+1)*sidecar.SumMiB-1) + 1 - firstBytes
	}
	return keys, ends, nil
}

// segmentKeys is partKeys for a content in segments.
func segmentKeys(x *sidecar.Index, i int, e *sidecar.Entry) ([]segmentKey, []int64, error) {
	t, err := segmentsOf(x, i)
	if err != nil {
		return nil, nil, err
	}
	sums, err := x.MiBSums(i)
	if err != nil {
		return nil, nil, err
	}
	per := 1 << (t.Shift - coding.MinShift) // MiBs of a segment
	keys, ends := make([]segmentKey, len(t.Lengths)), make([]int64, len(t.Lengths))
	end, b := int64(0), []byte(nil)
	for k, length := range t.Lengths {
		first := k * per
		n := min(per, sums.Len-first)
		if n <= 0 {
			return nil, nil, fmt.Errorf("%w: %d sums for %d segments", format.ErrCorrupt, sums.Len,
				len(t.Lengths))
		}
		last := k == len(t.Lengths)-1
		size := int64(1) << t.Shift
		if last {
			size = e.Size - int64(k)<<t.Shift
		}
		b = binary.LittleEndian.AppendUint32(b[:0], length)
		b = binary.LittleEndian.AppendUint64(b, uint64(size))
		b = append(b, t.Shift, boolByte(last))
		if b, err = sums.AppendSums(b, first, n); err != nil {
			return nil, nil, err
		}
		end += int64(length)
		keys[k], ends[k] = sha256.Sum256(b), end
	}
	return keys, ends, nil
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
