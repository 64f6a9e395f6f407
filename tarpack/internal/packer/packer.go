package packer

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/background"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tarwriter"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
	"golang.org/x/sync/errgroup"
)

// Result describes an archive that was written.
type Result struct {
	tarwriter.Finished
	Removed int64 // files and directories that RemoveFiles removed
	Unread  int64 // files and directories that SkipUnreadable left out
}

// A Packer is one run that makes an archive. Set the exported fields before Run.
type Packer struct {
	Options Options
	Out     *tarwriter.Writer // nil: nothing is written, only Changes are noted
	Changes ChangeLog
	Entries EntrySink    // takes the entries instead of an index, if set
	First   func() error // is called before anything is written, if set
	Shards  *Sharder     // nil: one archive is written
	Shard   bool         // the one archive is a shard of a set

	queue
	level   int
	workers int // compressing goroutines
	headers input.Headers
	skip    []os.FileInfo // files not to pack: the archive itself
	// isOutput, if set, reports whether a file is part of the shard set that is written.
	isOutput func(e *tree.Entry) bool
	known    *dedup.Contents
	packed   fingerprints // nil unless files are removed
	recent   recents
	unread   atomic.Int64
	left     map[string]bool // paths of files that were not read, if files are removed
}

// An EntrySink takes the entries of an archive that are not written in its order.
type EntrySink interface {
	tarwriter.Index
	// Refuse takes an entry that cannot be written. Its error ends the run.
	Refuse(p *format.Problem) error
}

// New returns a Packer that writes an archive to w.
func New(w io.Writer, o Options) (*Packer, error) {
	out, err := tarwriter.New(&output.Writer{W: w}, o.Progress)
	if err != nil {
		return nil, err
	}
	p := NewDry(o)
	p.Out = out
	p.headers.Unkept = &unkept.Counter{}
	return p, nil
}

// NewDry returns a Packer that writes nothing.
func NewDry(o Options) *Packer {
	keepOwners := !o.PreserveOwner && !o.NewOwners
	p := &Packer{
		Options: o, workers: o.workers(), level: o.Level,
		headers: input.Headers{
			PreserveOwner: o.PreserveOwner, LatestModTime: o.LatestModTime,
			Mode: o.Mode, ModTime: o.ModTime, Owner: o.Owner, Group: o.Group,
			KeepUser: keepOwners && o.Owner == nil, KeepGroup: keepOwners && o.Group == nil,
		},
		queue: newQueue(),
		known: dedup.New(o.Dedup),
	}
	if p.level <= 0 {
		p.level = 6
	}
	if o.RemoveFiles {
		p.packed, p.left = fingerprints{}, map[string]bool{}
	}
	if p.Options.Notice = func(error) {}; o.Notice != nil {
		var mu sync.Mutex // walker and sequencer both send notices
		p.Options.Notice = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			o.Notice(err)
		}
	}
	return p
}

// SkipOutput keeps the files that are being written or replaced out of the archive.
func (p *Packer) SkipOutput(dst *durable.Output) error {
	for _, f := range []*os.File{dst.Archive, dst.Sidecar} {
		fi, err := f.Stat()
		if err != nil {
			return err
		}
		p.skip = append(p.skip, fi)
	}
	p.SkipNames(dst.Name)
	return nil
}

// SkipNames keeps the archive of that name, its sidecar, its variants and the temporary files that
// a killed writer left of them out of the new archive.
func (p *Packer) SkipNames(archive string) {
	for _, name := range []string{
		archive, archive + format.SidecarSuffix, archive + format.VariantsSuffix,
	} {
		for _, name := range []string{name, format.TempName(name)} {
			if fi, err := osfile.Stat(name); err == nil {
				p.skip = append(p.skip, fi)
			}
		}
	}
}

// SkipSet keeps the files of a shard set out of what is packed.
func (p *Packer) SkipSet(set format.SetName) error {
	isOutput, err := shardset.IsOutput(set)
	if err != nil {
		return err
	}
	p.isOutput = func(e *tree.Entry) bool { return isOutput(e.Name, e.Dir.Root) }
	return nil
}

// Walker returns a walker that leaves out what the archive does not get.
func (p *Packer) Walker() *tree.Walker {
	w := &tree.Walker{
		Exclude: p.Options.Exclude, Include: p.Options.Include, Special: p.Options.Special,
		Skip: p.skip, IsOutput: p.isOutput, Notice: p.Options.Notice,
	}
	if p.Options.SkipUnreadable {
		w.Failed = func(error) bool { return true }
	}
	return w
}

// CountUnkept makes the run count in c what is not kept. A run without a Notice can share it with
// others, whose notices the caller then sends.
func (p *Packer) CountUnkept(c *unkept.Counter) { p.headers.Unkept = c }

// LookAt counts an open directory if it has attributes that the archive does not keep.
func (p *Packer) LookAt(path string, f *os.File) { p.headers.Unkept.Look(path, f) }

// Run writes the archive, and its sidecar to index. produce submits the items in the order of the
// archive. Finished is zero in a dry run, with Entries, and with Shards.
func (p *Packer) Run(
	ctx context.Context, produce func(context.Context) error, index *os.File,
) (res Result, err error) {
	defer p.known.Close()
	p.recent = recents{
		start: time.Now(), clamp: p.Options.LatestModTime, modTime: p.Options.ModTime,
	}
	s, err := p.newSequencer()
	if err != nil {
		return Result{}, err
	}
	if p.Out != nil {
		defer func() { p.Out.Stop() }() // of the last shard
	}
	var b *build.Builder
	switch {
	case p.Out == nil:
	case p.Entries != nil:
		p.Out.Index = p.Entries
	case p.Shards != nil:
		if err := p.Shards.start(s); err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, p.Shards.builder.Close()) }()
	default:
		b = build.New(build.Options{SHA256: p.Options.SHA256})
		if p.Shard {
			b.MarkShard()
		}
		p.Out.Index = b
		defer func() { err = errors.Join(err, b.Close()) }()
	}
	if p.First != nil {
		if err := p.First(); err != nil {
			return Result{}, err
		}
	}
	if err := p.run(ctx, produce, s); err != nil {
		return Result{}, err
	}
	if p.Out == nil {
		return Result{}, nil
	}
	if err := p.recent.settle(ctx); err != nil {
		return Result{}, err
	}
	for _, notice := range p.headers.Unkept.Notices() {
		p.Options.Notice(notice)
	}
	res.Unread = p.unread.Load()
	switch {
	case p.Entries != nil:
		return res, p.Out.Flush()
	case p.Shards != nil:
		return res, p.Shards.complete()
	}
	res.Finished, err = p.Out.Finish(b, index)
	return res, err
}

// run runs walker, workers and sequencer until all items are placed.
func (p *Packer) run(ctx context.Context, produce func(context.Context) error, s *sequencer) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(p.order)
		defer close(p.jobs)
		return produce(ctx)
	})
	workers, wctx := errgroup.WithContext(ctx)
	for range p.workers {
		workers.Go(func() error {
			if p.Options.Background {
				background.Lower()
			}
			w, err := p.newWorker()
			if err != nil {
				return err
			}
			return w.run(wctx, &p.queue)
		})
	}
	g.Go(workers.Wait)
	g.Go(func() error {
		defer close(p.pieces)
		return s.run(ctx)
	})
	err := g.Wait()
	for step := range p.order { // what was not placed, after an error
		if step.item != nil {
			step.item.Release()
		}
	}
	return err
}
