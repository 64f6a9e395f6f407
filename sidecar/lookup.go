package sidecar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/prefetch"
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

// lookup reads a path's home bucket, and as many after it as that one says.
func (x *Index) lookup(path string, sc *scratch) (int, bool, error) {
	h := xxhash.Sum64String(path)
	at := home(h, x.m) * bucketSize
	last := at
	for first := true; ; first = false {
		v, err := x.view(secTable, at, bucketSize, &sc.bucket)
		if err != nil {
			return 0, false, err
		}
		b := bucket(v)
		if first {
			last += int64(b.reach()) * bucketSize
		}
		m, ok := b.match(uint8(h))
		if !ok {
			return 0, false, corrupt("bucket %d", at/bucketSize)
		}
		for m.any() {
			i, same, err := x.pathAt(b.place(m.next()), path, sc)
			if same || err != nil {
				return i, same, err
			}
		}
		if at >= last {
			return 0, false, nil
		}
		at += bucketSize
	}
}

// pathAt compares the path at a place. If it is the same it gives the ordinal.
func (x *Index) pathAt(place uint64, path string, sc *scratch) (i int, same bool, err error) {
	off, k := splitPlace(place)
	block, err := x.blockAt(off, sc)
	if err != nil {
		return 0, false, err
	}
	i = int(block.number())*blockPaths + k
	if records := x.sec[secRecords]; i*recordSize < len(records) {
		prefetch.Byte(records, i*recordSize) // who looks a path up wants its entry next
	}
	if same, err = block.equal(k, path); !same {
		return 0, false, err
	}
	if i >= x.Len() {
		return 0, false, corrupt("the table leads to entry %d of %d", i, x.Len())
	}
	return i, true, nil
}

// blockAt gives the block of paths that begins at an offset, and in memory all that follows it.
func (x *Index) blockAt(off int64, sc *scratch) (pathBlock, error) {
	rest := x.sections[secPaths].len - off
	n := rest
	if x.r != nil {
		n = min(rest, usualBlock)
	}
	b, err := x.view(secPaths, off, n, &sc.path)
	if err != nil {
		return pathBlock{}, err
	}
	p, err := newPathBlock(b)
	if x.r == nil || err != nil {
		return p, err
	}
	if size := min(int64(p.size()), rest); size > n {
		if b, err = x.view(secPaths, off, size, &sc.path); err != nil {
			return pathBlock{}, err
		}
		p.b = b
	}
	return p, nil
}

// block gives block k of paths, and no more than that.
func (x *Index) block(k int64, sc *scratch) (pathBlock, error) {
	from, to, err := x.blockSpan(k, sc)
	if err != nil {
		return pathBlock{}, err
	}
	b, err := x.view(secPaths, from, to-from, &sc.path)
	if err != nil {
		return pathBlock{}, err
	}
	p, err := newPathBlock(b)
	if err == nil && p.number() != uint32(k) {
		err = corrupt("path block %d has number %d", k, p.number())
	}
	return p, err
}

// blockSpan says where block k lies in the section of paths.
func (x *Index) blockSpan(k int64, sc *scratch) (from, to int64, err error) {
	const size = 8
	n := int64(2 * size)
	if k == pathBlocks(int64(x.entries))-1 { // the last block ends where the section does
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
	if err == nil && bytes.IndexByte(out[len(dst):], 0) >= 0 {
		err = corrupt("a path with a NUL byte")
	}
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
