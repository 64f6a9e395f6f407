package variants

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/sidecar"
)

// Errors of this package wrap one of these.
var (
	// ErrCorrupt: the bytes are not a variants file, or contradict themselves or the archive. It also
	// matches (errors.Is) any error that stands for damage of every kind, by a method AnyDamage().
	ErrCorrupt error = damage("variants file is corrupt")
	// ErrStale: the file is of another archive, or of an earlier state of this one.
	ErrStale = errors.New("the variants are of another archive")
	// ErrMissing: this build can't decode variants, nor make them.
	ErrMissing error = edition.MissingError("brotli and Zstandard")
	// ErrVersion: the file has a format version or a feature that this package does not know.
	ErrVersion = sidecar.ErrVersion
)

// damage is the type of ErrCorrupt.
type damage string

// Error implements error.
func (d damage) Error() string { return string(d) }

// Is reports whether target stands for damage of any kind: an error with a method AnyDamage.
func (d damage) Is(target error) bool {
	_, ok := target.(interface{ AnyDamage() })
	return ok
}

func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
