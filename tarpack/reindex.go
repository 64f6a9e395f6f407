package tarpack

import (
	"context"
	"fmt"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// ReindexOptions are the options of Reindex. The zero value is usable.
type ReindexOptions struct {
	// Sidecar, if set, is the file that the sidecar is written to. Then nothing else is written, and
	// no lock is taken. A shard set can't be indexed in this way.
	Sidecar string
	Workers int // decompressing goroutines; 0 means one for each CPU
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *ReindexOptions) scan() scan.Options {
	return scan.Options{Workers: o.Workers, Progress: o.Progress}
}

// ReindexResult describes an index that was rebuilt.
type ReindexResult struct {
	Entries      uint64
	SidecarBytes int64
	Digest       uint64 // of the sidecar
}

// Reindex writes the sidecar of an archive from the archive alone. For a shard set it writes the
// set's list and sidecar, and the sidecars of the shards without a usable one. The name may be any
// that Open takes.
//
// On an error the old sidecar is untouched. A second writer of the same archive is refused
// (format.ErrLocked). Bytes that a killed append has left after the end of the archive are cut off,
// unless o.Sidecar is set.
func Reindex(ctx context.Context, name string, o ReindexOptions) (ReindexResult, error) {
	list, isSet, err := SetList(name)
	if err != nil {
		return ReindexResult{}, err
	}
	switch {
	case isSet && o.Sidecar != "":
		return ReindexResult{}, fmt.Errorf("%s: %w: its sidecar belongs beside it", list,
			format.ErrShard)
	case isSet:
		return reindexSet(ctx, list, o)
	case o.Sidecar != "":
		if err := CheckTarget(o.Sidecar); err != nil {
			return ReindexResult{}, err
		}
		res, err := indexed.ReindexTo(ctx, name, o.Sidecar, o.scan())
		return ReindexResult(res), err
	}
	res, err := indexed.Reindex(ctx, name, o.scan())
	return ReindexResult(res), err
}
