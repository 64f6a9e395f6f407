package sidecar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime/debug"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/prefetch"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Lookup returns the ordinal of the entry at a path, and whether there is one. The path has no
// slash at either end; the root ("") is not an entry. Lookup does not allocate unless the sidecar
// was opened by [OpenReaderAt]. The error wraps [ErrCorrupt], or is that of reading.
func (x *Index) Lookup(path string) (i int, ok bool, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	sc := x.borrow()
	i, ok, err = x.lookup(path, sc)
	x.giveBack(sc)
	return i, ok, err
}

// lookup searches the home bucket of a path, and as many buckets after it as its reach.
func (x *Index) lookup(path string, sc *scratch) (int, bool, error) {
	h := xxhash.Sum64String(path)
	at := layout.Home(h, x.homes) * layout.BucketSize
	last := at
	for first := true; ; first = false {
		v, err := x.view(layout.Table, at, layout.BucketSize, &sc.bucket)
		if err != nil {
			return 0, false, err
		}
		b := layout.Bucket(v)
		if first {
			last += int64(b.Reach()) * layout.BucketSize
		}
		m, ok := b.Match(uint8(h))
		if !ok {
			return 0, false, layout.Corruptf("bucket %d", at/layout.BucketSize)
		}
		for m.Any() {
			i, same, err := x.pathAt(b.Place(m.Next()), path, sc)
			if same || err != nil {
				return i, same, err
			}
		}
		if at >= last {
			return 0, false, nil
		}
		at += layout.BucketSize
	}
}

// pathAt compares the path at a place, and returns its ordinal if it is the same.
func (x *Index) pathAt(place uint64, path string, sc *scratch) (i int, same bool, err error) {
	if x.isAt != nil && !sc.dir {
		i, same, known, err := x.isFileAt(place, path, sc)
		if known || err != nil {
			return i, same, err
		}
	}
	off, k := layout.SplitPlace(place)
	block, err := x.blockAt(off, sc)
	if err != nil {
		return 0, false, err
	}
	i = int(block.Number())*layout.BlockPaths + k
	if records := x.sec[layout.Records]; i*layout.RecordSize < len(records) {
		prefetch.Byte(records, i*layout.RecordSize) // most callers read the entry next
	}
	if same, err = block.Equal(k, path); !same {
		return 0, false, err
	}
	if i >= x.Len() {
		return 0, false, layout.Corruptf("the table leads to entry %d of %d", i, x.Len())
	}
	if sc.dir {
		sc.below = block.ChildFollows(k, len(path))
	}
	return i, true, nil
}

// blockAt returns the block of paths at an offset, in memory with all bytes that follow it.
func (x *Index) blockAt(off int64, sc *scratch) (layout.PathBlock, error) {
	rest := x.sections[layout.Paths].Len - off
	n := rest
	if x.r != nil {
		n = min(rest, layout.UsualBlock)
	}
	b, err := x.view(layout.Paths, off, n, &sc.path)
	if err != nil {
		return layout.PathBlock{}, err
	}
	p, err := layout.NewPathBlock(b)
	if x.r == nil || err != nil {
		return p, err
	}
	if size := min(int64(p.Size()), rest); size > n {
		if b, err = x.view(layout.Paths, off, size, &sc.path); err != nil {
			return layout.PathBlock{}, err
		}
		p.Extend(b)
	}
	return p, nil
}

// block returns block k of paths, without the bytes that follow it.
func (x *Index) block(k int64, sc *scratch) (layout.PathBlock, error) {
	from, to, err := x.blockSpan(k, sc)
	if err != nil {
		return layout.PathBlock{}, err
	}
	b, err := x.view(layout.Paths, from, to-from, &sc.path)
	if err != nil {
		return layout.PathBlock{}, err
	}
	p, err := layout.NewPathBlock(b)
	if err == nil && p.Number() != uint32(k) {
		err = layout.Corruptf("path block %d has number %d", k, p.Number())
	}
	return p, err
}

// blockSpan returns the place of block k in the section of paths.
func (x *Index) blockSpan(k int64, sc *scratch) (from, to int64, err error) {
	const size = layout.BlockOffsetSize
	n := int64(2 * size)
	if k == layout.NumBlocks(int64(x.entries))-1 { // the last block ends where the section does
		n = size
	}
	b, err := x.view(layout.PathBlocks, k*size, n, &sc.blocks)
	if err != nil {
		return 0, 0, err
	}
	from, to = int64(binary.LittleEndian.Uint64(b)), x.sections[layout.Paths].Len
	if n > size {
		to = int64(binary.LittleEndian.Uint64(b[size:]))
	}
	if from < 0 || to < from || to-from > layout.MaxBlock {
		return 0, 0, layout.Corruptf("path block %d lies from %d to %d",
			k, uint64(from), uint64(to))
	}
	return from, to, nil
}

// Path returns the path of entry i, 0 to Len − 1. The error wraps [ErrRange] if there is none, or
// [ErrCorrupt].
func (x *Index) Path(i int) (string, error) {
	b, err := x.AppendPath(nil, i)
	return string(b), err
}

// AppendPath appends the path of entry i to dst. Its errors are those of Path.
func (x *Index) AppendPath(dst []byte, i int) (out []byte, err error) {
	out = dst // the result after a fault
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if err := x.inRange(i); err != nil {
		return dst, err
	}
	sc := x.borrow()
	defer x.giveBack(sc)
	return x.appendPath(dst, i, sc)
}

// appendPath is AppendPath for an ordinal in range.
func (x *Index) appendPath(dst []byte, i int, sc *scratch) ([]byte, error) {
	block, err := x.block(int64(i)/layout.BlockPaths, sc)
	if err != nil {
		return dst, err
	}
	out, err := block.AppendPath(dst, i%layout.BlockPaths)
	if err == nil && bytes.IndexByte(out[len(dst):], 0) >= 0 {
		err = layout.Corruptf("a path with a NUL byte")
	}
	if err != nil {
		return dst, fmt.Errorf("entry %d: %w", i, err)
	}
	return out, nil
}

// inRange returns an error if there is no entry i.
func (x *Index) inRange(i int) error {
	if i < 0 || i >= x.Len() {
		return fmt.Errorf("%w: number %d, there are %d", ErrRange, i, x.Len())
	}
	return nil
}
