package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// keepTable keeps the table of an index that is read by blocks in memory, unless it is larger than
// an index that is downloaded whole. Then a lookup needs one block of the index, and for a file no
// path: its tar header is next to its content, which most callers read then.
func (o *Options) keepTable(a *tarpack.Archive, src indexedSource) error {
	x := a.Index()
	if x.Size() <= o.LoadIndex || x.TableSize() > o.LoadIndex {
		return nil
	}
	var is sidecar.IsAt
	if a.Signed() == nil { // tar headers are not signed
		is = headerIs(a.Source())
	}
	name := a.Name()
	for {
		again := func() bool { return false }
		if side := src.sidecar(); side != nil {
			name = a.Name() + format.SidecarSuffix
			attempt := side.blocks.Begin()
			again = func() bool { return attempt.Reject(0, side.blocks.Size()) }
		}
		err := x.KeepTable(is)
		if !errors.Is(err, sidecar.ErrCorrupt) {
			return err
		}
		if !again() { // it was not damaged on the way
			return fmt.Errorf("%s: %w: %w", name, format.ErrStale, err)
		}
	}
}

// fetchedWith is how many bytes of a file are fetched with its tar header, at most.
const fetchedWith = 128 << 10

// headerIs returns the sidecar.IsAt that reads the tar headers of an archive.
func headerIs(src source.Source) sidecar.IsAt {
	return func(e *sidecar.Entry, path string) (same, known bool, err error) {
		n := max(int64(e.HeaderLen), min(e.Length(), fetchedWith))
		if err := src.Fetch(context.Background(), e.Offset, n); err != nil {
			return false, false, unlessDamaged(err)
		}
		g, err := format.ReadGroup(src, e.Offset, int(e.HeaderLen))
		if err != nil {
			return false, false, unlessDamaged(err)
		}
		for h, err := range g.Headers() {
			if err != nil {
				return false, false, unlessDamaged(err)
			}
			return h.Path == path, true, nil
		}
		return false, false, nil
	}
}

// unlessDamaged returns an error of reading a tar header, or nil if that is damaged or its shard is
// missing. Then the index decides, and reading the file reports what is wrong.
func unlessDamaged(err error) error {
	if errors.Is(err, format.ErrCorrupt) || errors.Is(err, format.ErrShard) {
		return nil
	}
	return err
}
