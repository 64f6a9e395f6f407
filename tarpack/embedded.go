package tarpack

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// IndexEmbedded reports whether Index is the index that the archive has in itself (FORMAT.md 1.6),
// as there is no usable sidecar beside it.
func (a *Archive) IndexEmbedded() bool { return a.embedded }

// Embedded returns the place of the index that the archive has in itself. The error wraps
// format.ErrNoSidecar if there is none, and format.ErrStale if it is of another archive or damaged.
// A shard set has none.
func (a *Archive) Embedded() (sidecar.Embedded, error) {
	if a.Shards() > 0 {
		return sidecar.Embedded{}, fmt.Errorf("%s: %w", a.name, format.ErrNoSidecar)
	}
	e, err := format.FindEmbedded(a.src, a.trailer)
	if err != nil {
		err = fmt.Errorf("%s: %w", a.name, err)
	}
	return e, err
}

// EmbedOptions are the options of EmbedIndex and TakeOutIndex. The zero value is usable.
type EmbedOptions struct {
	Workers int // decompressing goroutines, if there is no usable index; 0 means one for each CPU
	// Progress, if set, is called while an index is built, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *EmbedOptions) scan() scan.Options {
	return scan.Options{Workers: o.Workers, Progress: o.Progress}
}

// EmbedResult describes an archive whose index was put into it, or taken out.
type EmbedResult struct {
	Entries      uint64
	ArchiveBytes int64 // of the archive as it is now
	SidecarBytes int64
	Digest       uint64 // of the sidecar
	Written      bool   // false if there was nothing to do
}

// EmbedIndex appends the index of an archive to it, and removes the sidecar beside it. The archive
// is one file then, with all that a reader needs. Nothing that is in it moves. If it has a sound
// index in itself already, only a sidecar is removed.
//
// It is for an archive that is one file: for a device, a shard set and a shard, the error wraps
// format.ErrNotEmbeddable. Other errors are those of Reindex. After an error the archive is as it
// was.
func EmbedIndex(ctx context.Context, name string, o EmbedOptions) (EmbedResult, error) {
	return embed(ctx, name, o, indexed.Embed)
}

// TakeOutIndex undoes EmbedIndex: it cuts the index off the archive and writes it beside it. The
// archive has the bytes then that it had before. If it has no index in itself, nothing is written.
// The errors are those of EmbedIndex.
func TakeOutIndex(ctx context.Context, name string, o EmbedOptions) (EmbedResult, error) {
	return embed(ctx, name, o, indexed.TakeOut)
}

func embed(ctx context.Context, name string, o EmbedOptions,
	do func(context.Context, string, scan.Options) (indexed.Embedding, error),
) (EmbedResult, error) {
	_, isSet, err := shardset.ToEdit(ctx, name)
	switch {
	case errors.Is(err, format.ErrPart):
		return EmbedResult{}, indexed.NotEmbeddable(name, "it is one shard of a set")
	case err != nil:
		return EmbedResult{}, err
	case isSet:
		return EmbedResult{}, indexed.NotEmbeddable(name, "a shard set has one beside its shards")
	}
	res, err := do(ctx, name, o.scan())
	return EmbedResult(res), err
}
