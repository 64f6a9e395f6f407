package sidecar

import (
	"errors"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Errors of this package wrap one of these, and name the path, ordinal or offset concerned.
var (
	// ErrCorrupt: the bytes are not a sidecar, or contradict themselves or the size of the archive.
	// It also matches (errors.Is) any error that stands for damage of every kind, by a method
	// AnyDamage().
	ErrCorrupt = layout.ErrCorrupt
	// ErrVersion: the sidecar has a format version or a feature that this package does not know.
	ErrVersion = errors.New("unknown version of the format")
	// ErrDraft: the bytes are of a draft of the format, from before its first release.
	ErrDraft = errors.New("a draft of the format, from before its release")
	// ErrNoSums: the sidecar has no SHA-256 sums.
	ErrNoSums = errors.New("the index has no SHA-256 sums")
	// ErrSum: bytes do not have the SHA-256 that the sidecar states.
	ErrSum = layout.ErrSum
	// ErrRange: there is no entry of the ordinal given, or it has the wrong type.
	ErrRange = errors.New("no such entry")
	// ErrPath: a path breaks rule 4 of FORMAT.md section 1.1.
	ErrPath = errors.New("invalid path")
)
