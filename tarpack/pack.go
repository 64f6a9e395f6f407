package tarpack

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
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// PackOptions says how to pack. The zero value is usable.
type PackOptions struct {
	Level         int       // of deflate, 1 to 9; 0 means 6
	Workers       int       // compressing goroutines; 0 means one for each CPU
	Dedup         DedupMode // which equal files become hard links
	Exclude       *Excluder // what to leave out
	PreserveOwner bool      // keep user and group; otherwise all belongs to 0:0
	Special       bool      // keep FIFOs and devices
	// LatestModTime clamps later modification times (SOURCE_DATE_EPOCH). Zero: none is clamped.
	LatestModTime time.Time
	// RemoveFiles removes what was packed, after archive and sidecar are safely on disk. What changed in
	// the meantime, or was not packed, stays. Only for Pack.
	RemoveFiles bool

	// Notice, if set, gets a line for each thing that was left out and why.
	Notice func(message string)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(Progress)
}

// Progress counts what is done.
type Progress struct {
	Entries int64 // entries written
	Bytes   int64 // bytes of content read for them
}

// PackResult says what a Pack has done.
type PackResult struct {
	Stats        sidecar.Stats
	ArchiveBytes int64
	SidecarBytes int64 // 0 when streamed
	Removed      int64 // files and directories that RemoveFiles removed
}

// Pack packs the directory dir into the archive out and its sidecar, both or neither: on an error whatever stood
// there before is untouched. The same tree gives the same bytes, whatever the number of workers.
//
// If out is a block device, the archive and its sidecar are written on it, from its beginning (FORMAT.md 3.2). What was there is lost
// as soon as packing begins. A device that is mounted is refused.
//
// A file that cannot be read, or changes while it is read, fails the whole (ErrChanged), with the path in
// the error; so does a second writer of the same archive (ErrLocked).
func Pack(ctx context.Context, dir, out string, o PackOptions) (PackResult, error) {
	if fi, err := os.Stat(out); err == nil && isDevice(fi) {
		return packDevice(ctx, dir, out, o)
	}
	dst, err := createOutput(out)
	if err != nil {
		return PackResult{}, err
	}
	p, err := newPacker(dst.archive, o)
	if err != nil {
		return PackResult{}, errors.Join(err, dst.abort())
	}
	p.out.file = dst.archive
	if err := p.skipOutput(dst); err != nil {
		return PackResult{}, errors.Join(err, dst.abort())
	}
	t, err := openTree(dir)
	if err != nil {
		return PackResult{}, errors.Join(err, dst.abort())
	}
	defer t.close()
	res, err := p.run(ctx, func(ctx context.Context) error { return p.walk(ctx, t) }, dst.sidecar)
	if err != nil {
		return PackResult{}, errors.Join(err, dst.abort())
	}
	if err := dst.commit(); err != nil {
		return PackResult{}, err
	}
	if o.RemoveFiles {
		res.Removed, err = p.removePacked(ctx, t)
	}
	return res, err
}

// PackStream packs the directory dir into w and writes no sidecar; it can be rebuilt. On an error w has
// got part of an archive.
func PackStream(ctx context.Context, dir string, w io.Writer, o PackOptions) (PackResult, error) {
	p, err := newPacker(w, o)
	if err != nil {
		return PackResult{}, err
	}
	// The trailer holds the sidecar's digest, so the sidecar is made all the same.
	tmp, err := scratchFile("")
	if err != nil {
		return PackResult{}, err
	}
	defer tmp.Close()
	t, err := openTree(dir)
	if err != nil {
		return PackResult{}, err
	}
	defer t.close()
	res, err := p.run(ctx, func(ctx context.Context) error { return p.walk(ctx, t) }, tmp)
	res.SidecarBytes = 0
	return res, err
}

const (
	// inMemory is the size up to which a file is read and compressed in one piece by one worker. Larger ones are
	// read by the sequencer, and their segments compressed by all workers.
	inMemory = 4 << 20
	// inFlight is how many bytes of content may wait for their turn, and lookahead how many entries.
	inFlight  = 12 << 20
	lookahead = 256
)

// A packer is one run of Pack. Three kinds of goroutines take part: the walker finds entries in order,
// workers read and compress files in any order, and the sequencer (run's own goroutine) writes everything
// in order. So what is decided in order — which file is a duplicate, what stands where — does not depend on timing.
type packer struct {
	o        PackOptions
	level    int
	workers  int
	skip     []os.FileInfo
	out      *writer
	builder  *build.Builder
	group    group
	dedup    dedup
	maker    *contentMaker // the sequencer's own
	links    []link        // of the directory at hand
	changes  changeLog
	spool    *spool                    // nil: what is written is the archive
	first    func() error              // is called before anything is written, if set
	shards   *sharder                  // nil: it is one archive
	own      func(e *sourceEntry) bool // more files to leave out, if set: those of the set that is written
	digest   uint64                    // of the sidecar that was finished last
	progress Progress
	packed   map[uint64]struct{} // fingerprints for RemoveFiles
	blocks   []byte              // scratch: the header blocks of a file
	member   []byte              // scratch: H or P

	order  chan *item  // all entries, in order
	jobs   chan *item  // those that a worker prepares
	pieces chan *piece // of a big file
	budget *semaphore.Weighted
}

func newPacker(w io.Writer, o PackOptions) (*packer, error) {
	p := &packer{
		o: o, level: o.Level, workers: o.Workers,
		out:    &writer{w: w},
		order:  make(chan *item, lookahead),
		jobs:   make(chan *item, lookahead),
		pieces: make(chan *piece),
		budget: semaphore.NewWeighted(inFlight),
		dedup: dedup{
			mode: o.Dedup, byInode: map[inode]*written{}, bigSizes: map[int64]bool{},
		},
	}
	if p.level == 0 {
		p.level = 6
	}
	if p.workers <= 0 {
		p.workers = runtime.GOMAXPROCS(0)
	}
	if o.RemoveFiles {
		p.packed = map[uint64]struct{}{}
	}
	if p.o.Notice == nil {
		p.o.Notice = func(string) {}
	}
	var err error
	if p.maker, err = newContentMaker(p.level); err != nil {
		return nil, err
	}
	p.group.enc, err = newHeaderEncoder()
	return p, err
}

// dry: nothing is written, the changes are only noted.
func (p *packer) dry() bool { return p.out == nil }

// skipOutput keeps the files that are being written or replaced out of the archive.
func (p *packer) skipOutput(dst *output) error {
	for _, f := range []*os.File{dst.archive, dst.sidecar} {
		fi, err := f.Stat()
		if err != nil {
			return err
		}
		p.skip = append(p.skip, fi)
	}
	p.skipNames(dst.name)
	return nil
}

// skipNames keeps an archive that stands there out of the new one, and what a killed writer of it has left.
func (p *packer) skipNames(archive string) {
	for _, name := range []string{archive, archive + SidecarSuffix} {
		for _, name := range []string{name, tempName(name)} {
			if fi, err := os.Stat(name); err == nil {
				p.skip = append(p.skip, fi)
			}
		}
	}
}

// run writes the archive to p.out and the sidecar to index. Produce submits the entries in order.
func (p *packer) run(ctx context.Context, produce func(context.Context) error, index *os.File) (res PackResult, err error) {
	defer p.dedup.copies.close()
	if p.shards != nil {
		if err := p.shards.begin(); err != nil {
			return PackResult{}, err
		}
	} else if !p.dry() {
		p.builder = build.New(build.Options{})
	}
	if !p.dry() {
		defer func() { err = errors.Join(err, p.builder.Close()) }()
		defer p.out.stop()
	}
	if p.first != nil {
		if err := p.first(); err != nil {
			return PackResult{}, err
		}
	}

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(p.order)
		defer close(p.jobs)
		return produce(ctx)
	})
	workers, wctx := errgroup.WithContext(ctx)
	for range p.workers {
		workers.Go(func() error { return p.work(wctx) })
	}
	g.Go(workers.Wait)
	g.Go(func() error {
		defer close(p.pieces)
		return p.sequence(ctx)
	})
	err = g.Wait()
	for it := range p.order {
		it.release() // what was not placed, after an error
	}
	if err != nil || p.dry() {
		return PackResult{}, err
	}
	if p.spool != nil {
		return PackResult{}, p.out.flush()
	}
	if p.shards != nil {
		return PackResult{}, p.shards.complete()
	}
	return p.finish(index)
}

// walk submits every entry of a tree.
func (p *packer) walk(ctx context.Context, t *sourceTree) error {
	var known inodes
	w := p.walker()
	w.entry = func(e sourceEntry) (err error) {
		it := &item{sourceEntry: e}
		if e.typ == sidecar.TypeFile {
			if it.inode, it.again, err = known.of(ctx, &e, p.walker(), t); err != nil {
				it.release()
				return err
			}
		}
		return p.submit(ctx, it)
	}
	w.endDir = func() error { return p.send(ctx, nil) }
	return w.walk(ctx, t)
}

// submit sends an entry to the sequencer, and to the workers a file that has to be read and fits into memory. The item's reference to
// its directory goes with it.
func (p *packer) submit(ctx context.Context, it *item) error {
	switch {
	case it.content != nil || it.raw != nil: // in memory already
		it.ready = make(chan struct{})
	case it.typ == sidecar.TypeFile && it.info != nil && !it.again && !it.keep && it.info.Size() <= inMemory:
		it.weight = it.info.Size()
		if err := p.budget.Acquire(ctx, it.weight); err != nil {
			it.release()
			return context.Cause(ctx)
		}
		it.ready = make(chan struct{})
	}
	if err := p.send(ctx, it); err != nil || it.ready == nil {
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
func (p *packer) send(ctx context.Context, it *item) error {
	select {
	case p.order <- it:
		return nil
	case <-ctx.Done():
		it.release()
		return context.Cause(ctx)
	}
}

func (p *packer) walker() *walker {
	return &walker{exclude: p.o.Exclude, special: p.o.Special, skip: p.skip, own: p.own, notice: p.o.Notice}
}

// finish writes the trailer, whose digest is that of the finished sidecar.
func (p *packer) finish(index *os.File) (PackResult, error) {
	size := p.out.off + TrailerSize
	digest, n, err := p.builder.Finish(index, size)
	if err != nil {
		return PackResult{}, err
	}
	p.digest = digest
	t := Trailer{Entries: p.builder.Len(), Offset: p.out.off, Digest: digest}
	if err := p.out.write(t.Append(nil)); err != nil {
		return PackResult{}, err
	}
	if err := p.out.flush(); err != nil {
		return PackResult{}, err
	}
	res := PackResult{ArchiveBytes: size, SidecarBytes: n}
	x, err := sidecar.OpenReaderAt(index, n) // its own reader must take what was built
	if err != nil {
		return PackResult{}, fmt.Errorf("the sidecar that was just written: %w", err)
	}
	defer x.Close()
	res.Stats = x.Stats()
	return res, nil
}
