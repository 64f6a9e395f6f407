package rewrite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
)

// Options are the options of an edit. RemoveFiles has no effect.
type Options struct {
	packer.Options
	DryRun bool // write nothing, only find out what would change
	Single bool // one shard of a set is changed as an archive of its own
	// Change, if set, is called for each change in the order of the archive, always from the same
	// goroutine.
	Change func(kind format.ChangeKind, path string)
}

// Result describes what an edit changed, or would change with DryRun.
type Result struct {
	format.Changes
	Stats        sidecar.Stats // of the new archive; zero if none was written
	ArchiveBytes int64
	SidecarBytes int64
	Written      bool // a new archive was written; false if there was nothing to change
}

// A Rewrite makes an archive from layers. After a failure the old archive is still there, unless it
// was replaced completely. Layers, Base and Choose are those of its [Merger].
type Rewrite struct {
	Options        Options
	Layers         []Layer
	Base           int
	Choose         func(path string, children []*Child) int
	Checksum       bool             // compare contents even if size and mtime match
	WriteUnchanged bool             // write the archive even if nothing changes
	Grow           bool             // append to the archive of the first layer in place
	Removals       *packer.Removals // limits the removed entries; nil for any number
	Shard          bool             // the archive that is written is a shard of a set
	shards         *Shards          // of the set that is changed; nil: one archive

	Committed bool // the output was committed or aborted, so the caller must not abort it
}

// Edit opens the archive name as the first layer and the base, calls prepare to complete the
// Rewrite, and runs it. A second Edit of the same archive fails while the first one runs.
//
// The name may stand for a shard set, as in shardset.Named, unless o.Single is set. The error wraps
// format.ErrPart for another shard of a set than the first, format.ErrNoSet for one whose set is
// not there, and format.ErrNoList or format.ErrShard for a set without its list or a shard.
func Edit(
	ctx context.Context, name string, o Options, prepare func(k *base.Archive, r *Rewrite) error,
) (res Result, err error) {
	r := &Rewrite{Options: o}
	if !o.Single {
		set, ok, err := shardset.ToEdit(ctx, name)
		if err != nil {
			return Result{}, err
		}
		if ok {
			return r.editSet(ctx, set, func(k *base.Archive) error {
				r.Layers = []Layer{{Archive: k}}
				return prepare(k, r)
			})
		}
	}
	if _, err := os.Stat(name); err != nil {
		return Result{}, err
	}
	var dst *durable.Output
	if !o.DryRun {
		unlock, lockErr := shardset.LockSet(name)
		if lockErr != nil {
			return Result{}, lockErr
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if err := archivefile.Recover(name); err != nil {
			return Result{}, err
		}
		if dst, err = durable.Create(name); err != nil {
			return Result{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	k, err := base.Open(ctx, name, 0, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	if k.Rest > 0 && !o.DryRun {
		err := format.NewUnfinished(k.OSFile, k.Trailer, k.Rest)
		return Result{}, fmt.Errorf("%s: %w", name, err)
	}
	r.Shard = k.Trailer.IsShard()
	r.Options.EmbedIndex = k.HasIndex()
	r.Options.SHA256 = r.Options.SHA256 || k.Index.HasSHA256()
	r.Layers = []Layer{{Archive: k}}
	defer r.closeTrees()
	if err := prepare(k, r); err != nil {
		return Result{}, err
	}
	if o.DryRun {
		return r.Look(ctx, name, false)
	}
	if !r.WriteUnchanged {
		if res, err := r.Look(ctx, name, true); !errors.Is(err, packer.ErrFirstChange) {
			return res, err
		}
	}
	if r.Grow {
		return r.append(ctx, dst, k)
	}
	return r.Write(ctx, dst)
}

func (r *Rewrite) closeTrees() {
	for _, l := range r.Layers {
		if l.Tree != nil {
			l.Tree.Close()
		}
	}
}

// Look runs the rewrite without writing anything. With first it returns packer.ErrFirstChange at
// the first change.
func (r *Rewrite) Look(ctx context.Context, name string, first bool) (Result, error) {
	o := r.Options.Options
	if first {
		o.Notice = nil // the run that writes sends the notices
	}
	p := packer.NewDry(o)
	p.Changes = packer.ChangeLog{Each: r.Options.Change, First: first}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	p.SkipNames(name)
	if r.shards != nil {
		if err := p.SkipSet(r.shards.Set.Set.Shards.Name); err != nil {
			return Result{}, err
		}
		p.Changes.Shard = func(at packer.ShardChange) error { return r.shards.Touch(ctx, at) }
	}
	m := r.merger(p)
	if _, err := p.Run(ctx, m.Walk, nil); err != nil {
		return Result{}, err
	}
	if r.shards != nil {
		r.shards.spread = m.spread
	}
	if err := r.Removals.Check(p.Changes.Removed); err != nil {
		return Result{}, fmt.Errorf("%s: %w", name, err)
	}
	return Result{Changes: m.changes()}, nil
}

// Write writes the new archive and commits dst. The caller must abort dst unless Committed is set.
func (r *Rewrite) Write(ctx context.Context, dst *durable.Output) (Result, error) {
	packed, m, err := r.WriteTo(ctx, dst)
	if err != nil {
		return Result{}, err
	}
	r.Committed = true
	if err := dst.Commit(); err != nil {
		return Result{}, err
	}
	return Result{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

// WriteTo writes the new archive into the files of dst, which the caller commits or aborts.
func (r *Rewrite) WriteTo(
	ctx context.Context, dst *durable.Output,
) (packed packer.Result, m *Merger, err error) {
	if !r.Options.EmbedIndex {
		if err := durable.CheckIndexName(dst.Name); err != nil {
			return packed, nil, err
		}
	}
	p, err := packer.New(dst.Archive, r.Options.Options)
	if err != nil {
		return packed, nil, err
	}
	p.Out.File = dst.Archive
	p.Changes.Each, p.Changes.Removals = r.Options.Change, r.Removals
	p.Shard = r.Shard
	if err := p.SkipOutput(dst); err != nil {
		return packed, nil, err
	}
	m = r.merger(p)
	packed, err = p.Run(ctx, m.Walk, dst.Sidecar)
	if errors.Is(err, format.ErrRemovals) {
		err = fmt.Errorf("%s: %w", dst.Name, err)
	}
	if err == nil {
		err = packed.Embed(ctx, dst, &r.Options.Options)
	}
	return packed, m, err
}

// WriteStream writes the new archive to a stream.
func (r *Rewrite) WriteStream(ctx context.Context, to packer.Stream) (Result, error) {
	to.Shard = r.Shard
	var m *Merger
	packed, err := to.Pack(ctx, r.Options.Options, func(ctx context.Context, p *packer.Packer) error {
		p.Changes.Each, p.Changes.Removals = r.Options.Change, r.Removals
		m = r.merger(p)
		return m.Walk(ctx)
	})
	if err != nil {
		return Result{}, err
	}
	return Result{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

func (r *Rewrite) merger(p *packer.Packer) *Merger {
	return &Merger{
		P: p, Layers: r.Layers, Base: r.Base, Choose: r.Choose, checksum: r.Checksum, grow: r.Grow,
		Shards: r.shards,
	}
}

func (m *Merger) changes() format.Changes {
	c := m.P.Changes.Changes
	c.Ignored = m.ignored
	if m.grow {
		c.Kept = int64(m.Layers[m.Base].Archive.Index.Len())
	}
	return c
}
