package sidecar

import (
	"errors"
	"fmt"
)

// What can be wrong with a sidecar, or with what is to become one. Errors of this package wrap one of them, and name the
// path, ordinal or offset concerned.
var (
	// ErrCorrupt: the bytes are not a sidecar, or contradict themselves or the size of the archive.
	ErrCorrupt = errors.New("sidecar is corrupt")
	// ErrVersion: the sidecar is of a format version that this package does not know.
	ErrVersion = errors.New("unknown sidecar version")
	// ErrRange: an ordinal given by the caller is not one of this sidecar, or not of the right type.
	ErrRange = errors.New("no such entry")

	// ErrItem: a value given to [Builder.Add] is outside of what the format can hold.
	ErrItem = errors.New("invalid entry")
	// ErrPath: a path breaks rule 4 of FORMAT.md section 1.1.
	ErrPath = errors.New("invalid path")
	// ErrDuplicate: two entries have the same path (rule 1).
	ErrDuplicate = errors.New("duplicate path")
	// ErrNoParent: a directory on an entry's path has no entry of its own earlier in the archive (rule 2).
	ErrNoParent = errors.New("no parent directory earlier in the archive")
	// ErrNoTarget: a hard link's target is not a regular file earlier in the archive (rule 3).
	ErrNoTarget = errors.New("no target of hard link earlier in the archive")
	// ErrCollision: thousands of paths have the same hash, which happens only to paths that were made for it.
	ErrCollision = errors.New("too many paths of equal hash")
)

// corrupt wraps [ErrCorrupt] with what is wrong.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
