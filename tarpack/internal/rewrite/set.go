package rewrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// EditSet changes the set that name stands for. prepare completes the Rewrite, with the set as one
// of the layers. The errors are those of Edit.
func EditSet(
	ctx context.Context, name string, r *Rewrite, prepare func(k *base.Archive) error,
) (Result, error) {
	set, ok, err := shardset.ToEdit(ctx, name)
	if err == nil && !ok {
		err = fmt.Errorf("%s: %w", name, format.ErrShard)
	}
	if err != nil {
		return Result{}, err
	}
	return r.editSet(ctx, set, prepare)
}

// editSet is Edit for a shard set. The first walk finds out which shards change. Then each of them
// is written by a walk of its own, and the set is committed with the other shards as they are.
func (r *Rewrite) editSet(
	ctx context.Context, set format.SetName, prepare func(k *base.Archive) error,
) (res Result, err error) {
	var out *shardset.Output
	if !r.Options.DryRun {
		if out, err = shardset.Create(set.Archive()); err != nil {
			return Result{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, out.Abort())
			}
		}()
	}
	k, err := base.OpenSet(ctx, set, 0,
		&indexed.Options{Workers: r.Options.Workers, Notice: r.Options.Notice})
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	if err := k.Set.Shards.CheckAll(); err != nil { // now that no other writer changes them
		return Result{}, err
	}
	defer r.closeTrees()
	if err := prepare(k); err != nil {
		return Result{}, err
	}
	r.shards = &Shards{Set: k, touched: map[int]bool{}, indexes: map[int]*indexed.File{}}
	defer func() { err = errors.Join(err, r.shards.close()) }()
	res, err = r.Look(ctx, set.Shard(0), false)
	if err != nil || r.Options.DryRun {
		return res, err
	}
	return r.writeSet(ctx, out, res)
}

// writeSet writes the shards that change, and commits the set. The changes are known already.
func (r *Rewrite) writeSet(ctx context.Context, out *shardset.Output, res Result) (Result, error) {
	list := r.shards.Set.Set.Shards.List()
	out.Keep(r.shards.Set.Set.Shards.Name, list.Shards)
	var err error
	done := format.Progress{}
	lost := &unkept.Counter{}
	for i := range list.Shards {
		if !r.shards.touched[i] && !r.WriteUnchanged {
			continue
		}
		if done, err = r.writeShard(ctx, out, i, done, lost); err != nil {
			return Result{}, err
		}
	}
	if out.Changed() == 0 {
		return res, nil
	}
	r.shards.spread.count(lost)
	if r.Options.Notice != nil {
		for _, notice := range lost.Notices() {
			r.Options.Notice(notice)
		}
	}
	r.Committed = true
	set, err := out.CommitEdit(ctx, scan.Options{})
	if errors.Is(err, format.ErrShard) {
		err = fmt.Errorf("a directory or file %w: %w", format.ErrChanged, err)
	}
	if err != nil {
		return Result{}, err
	}
	res.Stats, res.ArchiveBytes, res.SidecarBytes = set.Stats, set.Bytes, set.Index
	res.Written = true
	return res, nil
}

// writeShard writes shard i again, and counts in lost what is not kept. before is the progress so
// far, and done the progress after the shard.
func (r *Rewrite) writeShard(
	ctx context.Context, out *shardset.Output, i int, before format.Progress, lost *unkept.Counter,
) (done format.Progress, err error) {
	done = before
	x, err := indexed.Open(ctx, out.Set.Shard(i), &indexed.Options{})
	if err != nil {
		return done, err
	}
	defer x.Close()
	if err := x.Trailer.CheckWrite(); err != nil {
		return done, fmt.Errorf("%s: %w", x.Name, err)
	}
	r.shards.Only, r.shards.Own = i, x.Index
	dst, err := out.Replace(i)
	if err != nil {
		return done, err
	}
	o := r.Options.Options
	o.SHA256 = o.SHA256 || x.Index.HasSHA256()
	o.Notice = nil // the first walk has sent the notices of the walk, writeSet sends the others
	o.Progress = func(p format.Progress) {
		done = format.Progress{Entries: before.Entries + p.Entries, Bytes: before.Bytes + p.Bytes}
		if r.Options.Progress != nil {
			r.Options.Progress(done)
		}
	}
	p, err := packer.New(dst.Archive, o)
	if err != nil {
		return done, err
	}
	p.Out.File, p.Shard = dst.Archive, true
	p.CountUnkept(lost)
	if err := p.SkipSet(out.Set); err != nil {
		return done, err
	}
	packed, err := p.Run(ctx, r.merger(p).Walk, dst.Sidecar)
	if err != nil {
		return done, err
	}
	if err := out.Finish(packed.ArchiveBytes, packed.Digest); err != nil {
		return done, err
	}
	// It may have been in order already, or a directory that changed is the same in this shard.
	old := r.shards.Set.Set.Shards.List().Shards[i]
	if out.Shards[i] != old {
		return done, nil
	}
	same, err := sameFiles(out.Set.Pending(i), x.OSFile)
	if err == nil && same {
		err = out.Drop(i, old)
	}
	return done, err
}

// sameFiles reports whether the file name has the bytes of another one.
func sameFiles(name string, other *os.File) (bool, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	same, err, otherErr := output.SameBytes(f, io.NewSectionReader(other, 0, math.MaxInt64))
	return same, errors.Join(err, otherErr)
}
