package sidecar

import (
	"fmt"
	"math/bits"
)

// Features are the two sets of features that an archive states in its trailer and its index states
// in its header, one bit each (FORMAT.md 3.1).
type Features struct {
	// Required: a reader that does not know all of these must refuse the archive.
	Required uint16
	// Optional: a reader that does not know all of these may read the archive through an index that
	// exists. It must not rebuild that index, verify the archive or change it.
	Optional uint16
}

// The features that this package knows.
const (
	// Final is required in every archive of the final format. Drafts of the format do not have it.
	Final uint16 = 1 << 0

	// Shard, optional: the archive was written as one of a set (FORMAT.md 2.4).
	Shard uint16 = 1 << 0
	// Set, optional, and only in an index: it is the index of a set.
	Set uint16 = 1 << 1
	// SHA256, optional: the index has the SHA-256 of each content (FORMAT.md 2.5).
	SHA256 uint16 = 1 << 2

	knownRequired = Final
	knownOptional = Shard | Set | SHA256
)

// Check returns [ErrDraft] or a [FeatureError] unless all required features are known.
func (f Features) Check() error {
	if f.Required&Final == 0 {
		return ErrDraft
	}
	if more := f.Required &^ knownRequired; more != 0 {
		return &FeatureError{Bit: bits.TrailingZeros16(more)}
	}
	return nil
}

// CheckWrite returns the error of Check, or a [FeatureError] unless all optional features are
// known, too.
func (f Features) CheckWrite() error {
	if err := f.Check(); err != nil {
		return err
	}
	if more := f.Optional &^ knownOptional; more != 0 {
		return &FeatureError{Bit: bits.TrailingZeros16(more), Optional: true}
	}
	return nil
}

// FeatureError is the [ErrVersion] of a feature that is not known.
type FeatureError struct {
	Bit      int // 0 to 15
	Optional bool
}

func (e *FeatureError) Error() string {
	if !e.Optional {
		return fmt.Sprintf("bit %d of its required features is not known", e.Bit)
	}
	return fmt.Sprintf("bit %d of its optional features is not known: it can be read through its "+
		"index, but not indexed, verified or changed", e.Bit)
}

// Unwrap returns ErrVersion.
func (e *FeatureError) Unwrap() error { return ErrVersion }
