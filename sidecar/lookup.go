package sidecar

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"github.com/cespare/xxhash/v2"
)

// Lookup finds a path's ordinal. The path has no slash at either end; the root ("") is not an entry. It does not allocate,
// unless the sidecar was opened by [OpenReaderAt]. The error wraps [ErrCorrupt], or is that of reading.
func (x *Index) Lookup(path string) (i int, ok bool, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	i, ok, err = x.lookup(path, sc)
	x.giveBack(sc)
	return i, ok, err
}

// lookup walks the buckets from a path's home on.
func (x *Index) lookup(path string, sc *scratch) (int, bool, error) {
	h := xxhash.Sum64String(path)
	at := home(h, x.m) * bucketSize
	for range maxReach + 1 {
		b, err := x.view(secTable, at, bucketSize, &sc.bucket)
		if err != nil {
			return 0, false, err
		}
		first, second, spill, ok := match(b, uint8(h))
		if !ok {
			return 0, false, corrupt("bucket %d", at/bucketSize)
		}
		for slot := 0; first|second != 0; {
			if first != 0 {
				slot, first = slotOf(first), first&(first-1)
			} else {
				slot, second = 8+slotOf(second), second&(second-1)
			}
			i := binary.LittleEndian.Uint32(b[4*slot:])
			switch same, err := x.pathIs(i, path, sc); {
			case err != nil:
				return 0, false, err
			case same:
				return int(i), true, nil
			}
		}
		if !spill {
			return 0, false, nil
		}
		at += bucketSize
	}
	return 0, false, corrupt("the table spills over more than %d buckets", maxReach)
}

// pathIs is true if the path of entry i is path.
func (x *Index) pathIs(i uint32, path string, sc *scratch) (bool, error) {
	block, err := x.block(int64(i)/blockPaths, sc)
	if err != nil {
		return false, err
	}
	return block.equal(int(i%blockPaths), path)
}

// block gives a block of paths.
func (x *Index) block(k int64, sc *scratch) (pathBlock, error) {
	from, to, err := x.blockSpan(k, sc)
	if err != nil {
		return pathBlock{}, err
	}
	b, err := x.view(secPaths, from, to-from, &sc.path)
	if err != nil {
		return pathBlock{}, err
	}
	return newPathBlock(b)
}

// blockSpan says where block k lies in the section of paths.
func (x *Index) blockSpan(k int64, sc *scratch) (from, to int64, err error) {
	const size = 8
	last := x.sections[secPathBlocks].len - size
	n := int64(2 * size)
	if k*size >= last { // the last block ends where the section does
		n = size
	}
	b, err := x.view(secPathBlocks, k*size, n, &sc.blocks)
	if err != nil {
		return 0, 0, err
	}
	from, to = int64(binary.LittleEndian.Uint64(b)), x.sections[secPaths].len
	if n > size {
		to = int64(binary.LittleEndian.Uint64(b[size:]))
	}
	if from < 0 || to < from || to-from > maxBlock {
		return 0, 0, corrupt("path block %d lies from %d to %d", k, uint64(from), uint64(to))
	}
	return from, to, nil
}

// Path gives the path of entry i, 0 to Len − 1. It wraps [ErrRange] if there is none.
func (x *Index) Path(i int) (string, error) {
	b, err := x.AppendPath(nil, i)
	return string(b), err
}

// AppendPath appends the path of entry i to dst.
func (x *Index) AppendPath(dst []byte, i int) (out []byte, err error) {
	out = dst // what a fault leaves
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return dst, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	return x.appendPath(dst, i, sc)
}

// appendPath is AppendPath for an ordinal that is in range.
func (x *Index) appendPath(dst []byte, i int, sc *scratch) ([]byte, error) {
	block, err := x.block(int64(i)/blockPaths, sc)
	if err != nil {
		return dst, err
	}
	out, err := block.appendPath(dst, i%blockPaths)
	if err != nil {
		return dst, fmt.Errorf("entry %d: %w", i, err)
	}
	return out, nil
}

// inRange refuses an ordinal that no entry has.
func (x *Index) inRange(i int) error {
	if i < 0 || i >= x.Len() {
		return fmt.Errorf("%w: number %d, there are %d", ErrRange, i, x.Len())
	}
	return nil
}
