package variants

import (
	"encoding/binary"
	"runtime/debug"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
)

// Find returns the variants of entry i, a regular file or a hard link. The set is empty if there
// are none. The error wraps sidecar.ErrRange if there is no entry i, or ErrCorrupt if the file was
// changed since it was opened.
func (x *File) Find(i int) (s Set, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if uint(i) >= uint(x.archive.Entries) {
		return Set{}, sidecar.ErrRange
	}
	n := x.setNumber(i)
	if n == 0 {
		return Set{}, nil
	}
	return x.set(n)
}

// setNumber returns the number of the set of entry i, from 1; 0 means none.
func (x *File) setNumber(i int) int {
	return int(binary.LittleEndian.Uint32(x.tables[entryTable][i*entryRow:]))
}

// set returns the set with a number from 1 on.
func (x *File) set(n int) (Set, error) {
	rows := x.tables[setTable]
	if n > len(rows)/setRow {
		return Set{}, corruptf("there is no set %d", n)
	}
	s, ok := x.limits.decodeSet(rows[(n-1)*setRow:])
	if !ok {
		return Set{}, corruptf("set %d has impossible numbers", n)
	}
	return s, nil
}

// Sets returns how many sets the file has.
func (x *File) Sets() int { return len(x.tables[setTable]) / setRow }

// SetAt returns set i, 0 to Sets − 1, and the SHA-256 of its content as the file states it.
func (x *File) SetAt(i int) (s Set, sum sidecar.Sum, err error) {
	defer x.caught(debug.SetPanicOnFault(true), &err)
	if i < 0 || i >= x.Sets() {
		return Set{}, sum, sidecar.ErrRange
	}
	copy(sum[:], x.tables[sumTable][i*sumRow:])
	s, err = x.set(i + 1)
	return s, sum, err
}

// ReadAt reads encoded bytes, at any offset of the file. Compare all bytes of a variant with
// [Check] before they are used.
func (x *File) ReadAt(b []byte, off int64) (int, error) { return x.r.ReadAt(b, off) }

// Append appends the encoded bytes of a variant to dst, and compares them with their hash. After an
// error dst is returned unchanged. The error wraps ErrCorrupt if the bytes are damaged.
func (x *File) Append(dst []byte, v Variant) ([]byte, error) {
	p := place{off: v.Offset, length: v.Length}
	if !x.limits.holds(p) || v.Length > 2*MaxContent {
		return dst, corruptf("there is no variant at %d, %d bytes", v.Offset, v.Length)
	}
	n := len(dst)
	out := slices.Grow(dst, int(v.Length))[:n+int(v.Length)]
	if err := x.readFull(out[n:], v.Offset); err != nil {
		return dst, err
	}
	if err := Check(v, out[n:]); err != nil {
		return dst, err
	}
	return out, nil
}

// Check compares all encoded bytes of a variant with their hash. The error wraps ErrCorrupt.
func Check(v Variant, b []byte) error {
	if int64(len(b)) != v.Length || xxhash.Sum64(b) != v.Sum {
		return corruptf("the bytes at %d are damaged", v.Offset)
	}
	return nil
}
