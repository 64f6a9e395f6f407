package packer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

func (p *Packer) Notice(err error) {
	if p != nil {
		p.Options.Notice(err)
	}
}

// PackOptions says how to pack. The zero value is usable.
type Options struct {
	Level         int               // of deflate, 1 to 9; 0 means 6
	Workers       int               // compressing goroutines; 0 means one for each CPU
	Dedup         format.DedupMode  // which equal files become hard links
	Exclude       *exclude.Patterns // what to leave out
	PreserveOwner bool              // keep user and group; otherwise all belongs to 0:0
	Special       bool              // keep FIFOs and devices
	// LatestModTime clamps later modification times (SOURCE_DATE_EPOCH). Zero: none is clamped.
	LatestModTime time.Time
	// RemoveFiles removes what was packed, after archive and sidecar are safely on disk. What changed in
	// the meantime, or was not packed, stays. Only for Pack.
	RemoveFiles bool

	// Notice, if set, gets a line for each thing that was left out and why.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// PackResult says what a Pack has done.
type Result struct {
	Stats        sidecar.Stats
	ArchiveBytes int64
	SidecarBytes int64 // 0 when streamed
	Removed      int64 // files and directories that RemoveFiles removed
}

const (
	// inMemory is the size up to which a file is read and compressed in one piece by one worker. Larger ones are
	// read by the sequencer, and their segments compressed by all workers.
	InMemory = 4 << 20
	// inFlight is how many bytes of content may wait for their turn, and lookahead how many entries.
	inFlight  = 12 << 20
	Lookahead = 256
)

// A packer is one run of Pack. Three kinds of goroutines take part: the walker finds entries in order,
// workers read and compress files in any order, and the sequencer (run's own goroutine) writes everything
// in order. So what is decided in order — which file is a duplicate, what stands where — does not depend on timing.
type Packer struct {
	Options  Options
	level    int
	Workers  int
	skip     []os.FileInfo
	Out      *output.Writer
	builder  *build.Builder
	group    group
	dedup    dedup
	maker    *contentMaker // the sequencer's own
	links    []Link        // of the directory at hand
	Changes  ChangeLog
	Entries  EntrySink                // nil: what is written is the archive
	First    func() error             // is called before anything is written, if set
	Shards   *Sharder                 // nil: it is one archive
	IsOutput func(e *tree.Entry) bool // more files to leave out, if set: those of the set that is written
	Digest   uint64                   // of the sidecar that was finished last
	progress format.Progress
	packed   map[uint64]struct{} // fingerprints for RemoveFiles
	blocks   []byte              // scratch: the header blocks of a file
	member   []byte              // scratch: H or P

	order  chan *Item  // all entries, in order
	jobs   chan *Item  // those that a worker prepares
	pieces chan *piece // of a big file
	Budget *semaphore.Weighted
}

func New(w io.Writer, o Options) (*Packer, error) {
	p := &Packer{
		Options: o, level: o.Level, Workers: o.Workers,
		Out:    &output.Writer{W: w},
		order:  make(chan *Item, Lookahead),
		jobs:   make(chan *Item, Lookahead),
		pieces: make(chan *piece),
		Budget: semaphore.NewWeighted(inFlight),
		dedup: dedup{
			mode: o.Dedup, byInode: map[durable.Inode]*storedCopy{}, bigSizes: map[int64]bool{},
		},
	}
	if p.level == 0 {
		p.level = 6
	}
	if p.Workers <= 0 {
		p.Workers = runtime.GOMAXPROCS(0)
	}
	if o.RemoveFiles {
		p.packed = map[uint64]struct{}{}
	}
	if p.Options.Notice == nil {
		p.Options.Notice = func(error) {}
	}
	var err error
	if p.maker, err = newContentMaker(p.level); err != nil {
		return nil, err
	}
	p.group.enc, err = newHeaderEncoder()
	return p, err
}

// dry: nothing is written, the changes are only noted.
func (p *Packer) dry() bool { return p.Out == nil }

// skipOutput keeps the files that are being written or replaced out of the archive.
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

// skipNames keeps an archive that stands there out of the new one, and what a killed writer of it has left.
func (p *Packer) SkipNames(archive string) {
	for _, name := range []string{archive, archive + format.SidecarSuffix} {
		for _, name := range []string{name, format.TempName(name)} {
			if fi, err := os.Stat(name); err == nil {
				p.skip = append(p.skip, fi)
			}
		}
	}
}

// run writes the archive to p.out and the sidecar to index. Produce submits the entries in order.
func (p *Packer) Run(ctx context.Context, produce func(context.Context) error, index *os.File) (res Result, err error) {
	defer p.dedup.copies.close()
	if p.Shards != nil {
		if err := p.Shards.begin(); err != nil {
			return Result{}, err
		}
	} else if !p.dry() {
		p.builder = build.New(build.Options{})
	}
	if !p.dry() {
		defer func() { err = errors.Join(err, p.builder.Close()) }()
		defer p.Out.Stop()
	}
	if p.First != nil {
		if err := p.First(); err != nil {
			return Result{}, err
		}
	}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(p.order)
		defer close(p.jobs)
		return produce(ctx)
	})
	workers, wctx := errgroup.WithContext(ctx)
	for range p.Workers {
		workers.Go(func() error { return p.work(wctx) })
	}
	g.Go(workers.Wait)
	g.Go(func() error {
		defer close(p.pieces)
		return p.sequence(ctx)
	})
	err = g.Wait()
	for it := range p.order {
		it.Release() // what was not placed, after an error
	}
	if err != nil || p.dry() {
		return Result{}, err
	}
	if p.Entries != nil {
		return Result{}, p.Out.Flush()
	}
	if p.Shards != nil {
		return Result{}, p.Shards.complete()
	}
	return p.finish(index)
}

// walk submits every entry of a tree.
func (p *Packer) Walk(ctx context.Context, t *tree.Tree) error {
	var known tree.Inodes
	w := p.Walker()
	w.Entry = func(e tree.Entry) (err error) {
		it := &Item{Entry: e}
		if e.Typ == sidecar.TypeFile {
			if it.Inode, it.LaterName, err = known.Of(ctx, &e, p.Walker(), t); err != nil {
				it.Release()
				return err
			}
		}
		return p.Submit(ctx, it)
	}
	w.EndDir = func() error { return p.Send(ctx, nil) }
	return w.Walk(ctx, t)
}

// submit sends an entry to the sequencer, and to the workers a file that has to be read and fits into memory. The item's reference to
// its directory goes with it.
func (p *Packer) Submit(ctx context.Context, it *Item) error {
	switch {
	case it.Content != nil || it.Raw != nil: // in memory already
		it.ready = make(chan struct{})
	case it.Typ == sidecar.TypeFile && it.Info != nil && !it.LaterName && !it.Keep && it.Info.Size() <= InMemory:
		it.Weight = it.Info.Size()
		if err := p.Budget.Acquire(ctx, it.Weight); err != nil {
			it.Release()
			return context.Cause(ctx)
		}
		it.ready = make(chan struct{})
	}
	if err := p.Send(ctx, it); err != nil || it.ready == nil {
		return err
	}
	select {
	case p.jobs <- it:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send sends an entry to the sequencer; nil is the end of a directory's files and links.
func (p *Packer) Send(ctx context.Context, it *Item) error {
	select {
	case p.order <- it:
		return nil
	case <-ctx.Done():
		it.Release()
		return context.Cause(ctx)
	}
}

func (p *Packer) Walker() *tree.Walker {
	return &tree.Walker{Exclude: p.Options.Exclude, Special: p.Options.Special, Skip: p.skip, IsOutput: p.IsOutput, Notice: p.Options.Notice}
}

// finish writes the trailer, whose digest is that of the finished sidecar.
func (p *Packer) finish(index *os.File) (Result, error) {
	size := p.Out.Off + format.TrailerSize
	digest, n, err := p.builder.Finish(index, size)
	if err != nil {
		return Result{}, err
	}
	p.Digest = digest
	t := format.Trailer{Entries: p.builder.Len(), Offset: p.Out.Off, Digest: digest}
	if err := p.Out.Put(t.Append(nil)); err != nil {
		return Result{}, err
	}
	if err := p.Out.Flush(); err != nil {
		return Result{}, err
	}
	res := Result{ArchiveBytes: size, SidecarBytes: n}
	x, err := sidecar.OpenReaderAt(index, n) // its own reader must take what was built
	if err != nil {
		return Result{}, fmt.Errorf("the sidecar that was just written: %w", err)
	}
	defer x.Close()
	res.Stats = x.Stats()
	return res, nil
}
