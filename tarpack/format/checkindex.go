package format

import (
	"fmt"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/sidecar"
)

// CheckIndex returns an error that wraps ErrStale unless x is the index of an archive of size bytes
// with the trailer t (FORMAT.md 3). Name is the archive's, for the error.
func CheckIndex(x *sidecar.Index, name string, size int64, t Trailer) error {
	if t.Features.Optional&sidecar.Set != 0 { // the list of a set does not state whether it has sums
		t.Features.Optional |= x.Features().Optional & sidecar.SHA256
	}
	switch {
	case x.ArchiveSize() != size:
		return fmt.Errorf("%w: it is for an archive of %d bytes, %s has %d",
			ErrStale, x.ArchiveSize(), name, size)
	case x.Digest() != t.Digest:
		return fmt.Errorf("%w: its digest is %016x, %s names %016x", ErrStale, x.Digest(), name, t.Digest)
	case uint64(x.Len()) != t.Entries:
		return fmt.Errorf("%w: it has %s, %s has %d", ErrStale,
			count.Of(x.Len(), "entry", "entries"), name, t.Entries)
	case x.Features() != t.Features:
		return fmt.Errorf("%w: it has other features than %s", ErrStale, name)
	}
	return nil
}
