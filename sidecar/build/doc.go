// Package build makes the index file of a tpk archive, which package sidecar reads. Section 2 of
// FORMAT.md specifies the file.
//
// [New], [Builder.Add] for each entry, then [Builder.Finish] make a sidecar. Memory is bounded:
// what does not fit is sorted on disk. The result depends on nothing but the entries. [Digest]
// returns the digest of a sidecar without making it.
//
// A Builder works in these steps:
//
//	Add      item ─→ sorter, by path
//	Finish   items in path order ─→ all sections except the table
//	            hash and ordinal of each path ─→ sorter ─→ table
//	            hard links ─→ sorter, by target ─→ side by side with the items ─→ patches
//	            ends of directories ─→ patches
//	         records, read back and patched ─→ totals of directories
//	         all sections, read back with the totals ─→ their hashes ─→ header
package build

import (
	"errors"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Errors of building. They come wrapped, with the path concerned.
var (
	// ErrItem: a value of an item exceeds what the format can hold.
	ErrItem = errors.New("invalid entry")
	// ErrDuplicate: two entries have the same path (FORMAT.md 1.1, rule 1).
	ErrDuplicate = errors.New("duplicate path")
	// ErrNoParent: the archive has no entry for a directory on the entry's path, or has it later
	// (rule 2).
	ErrNoParent = errors.New("no parent directory earlier in the archive")
	// ErrNoTarget: the target of a hard link is not a regular file earlier in the archive (rule 3).
	ErrNoTarget = errors.New("no target of hard link earlier in the archive")
	// ErrCollision: thousands of paths have the same hash, which happens only to paths that were
	// made for it.
	ErrCollision = layout.ErrCollision
)
