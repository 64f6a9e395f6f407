// Package layout reads and writes the parts of a sidecar: header, records, blocks of paths, rows of
// segments and the buckets of the table. Section 2 of FORMAT.md specifies their bytes.
//
// Package sidecar uses it to read an index and package build to write one. Nothing here knows a
// whole file or an archive. Offsets of fields stay in this package: its users call accessors, which
// are methods of [Header], [Record], [SegmentRow], [PathBlock] and [Bucket].
//
// All numbers are little-endian; u48 is an unsigned integer of 6 bytes, i40 a signed one of 5. N is
// the number of entries.
package layout

import (
	"errors"
	"fmt"
	"io"
)

// Errors that package sidecar exports, where they are documented.
var (
	ErrCorrupt   error = damage("sidecar is corrupt")
	ErrSum             = errors.New("wrong SHA-256")
	ErrCollision       = errors.New("too many paths of equal hash")
)

// damage is the type of ErrCorrupt.
type damage string

// Error implements error.
func (d damage) Error() string { return string(d) }

// Is reports whether target stands for damage of any kind: an error with a method AnyDamage. So a
// package above this one can define one error that finds all damage, without an import from here.
func (d damage) Is(target error) bool {
	_, ok := target.(interface{ AnyDamage() })
	return ok
}

// Corruptf returns an error that wraps [ErrCorrupt] and describes the damage.
func Corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// ReadFull fills b from offset off of a sidecar. The size of a sidecar is known before, so an early
// end is damage: the error then wraps [ErrCorrupt]. Damage that r has found has its offset already.
func ReadFull(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return Corruptf("it ends at byte %d", off+int64(n))
	case errors.Is(err, ErrSum), errors.Is(err, ErrCorrupt):
		return err
	}
	return fmt.Errorf("reading the sidecar at byte %d: %w", off+int64(n), err)
}
