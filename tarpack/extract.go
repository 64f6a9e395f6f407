package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/tarpack/tpk/sidecar"
	"golang.org/x/sync/errgroup"
)

// ExtractOptions says what to extract and how. The zero value is usable.
type ExtractOptions struct {
	// Paths are the entries to extract, a directory with all that is below it; none means everything. Directories above
	// them are made where they are missing, and do not get the mode and time that they have in the archive.
	Paths []string
	// HardLinks makes hard links of duplicates, too. Otherwise they become the files of their own that they were, which share their
	// blocks on a file system that can do that. What was one file with several names becomes one again in any case.
	HardLinks bool
	// Special restores FIFOs and devices, and the setuid and setgid bits of files. Otherwise they are refused, bits alone
	// without the file that has them.
	Special bool
	Workers int // extracting goroutines; 0 means one for each CPU

	// Notice, if set, is called with ErrIndexRebuilt if the sidecar turns out to be damaged.
	Notice func(error)
	// Problem, if set, is called for each entry that could not be extracted. Calls do not overlap.
	Problem func(*Problem)
	// Progress, if set, is called now and then. Calls do not overlap.
	Progress func(Progress)
}

// ExtractResult says what an Extract has done.
type ExtractResult struct {
	Entries  int64      // extracted
	Bytes    int64      // of content
	Problems []*Problem // the first MaxProblems
	Failed   int64      // number of all problems
}

// Extract extracts an archive into the directory dir, which is made if it is missing.
//
// What cannot be extracted is a problem of the result, and the rest is extracted all the same: an entry that is damaged, or
// refused (ErrRefused), or not in the archive (ErrNoEntry), or one of two that the file system takes for the same
// (ErrCollision). Only what makes it pointless to go on is an error: a full disk, or the end of the context.
//
// Nothing outside of dir is ever touched. Whatever is in the way of an entry is removed, if it is not a directory with
// something in it, and never written through, be it a symbolic link or one of several hard links. After an error, or
// when the context ends, no half of a file is left.
func Extract(ctx context.Context, a *Archive, dir string, o ExtractOptions) (ExtractResult, error) {
	if len(o.Paths) == 0 {
		sound, err := a.soundIndex(ctx, &o)
		if err != nil {
			return ExtractResult{}, err
		}
		if sound != a {
			defer sound.index.Close()
		}
		a = sound
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return ExtractResult{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ExtractResult{}, err
	}
	defer root.Close()
	x := newExtractor(a, root, o)
	err = x.run(ctx)
	return ExtractResult{
		Entries: x.entries.Load(), Bytes: x.bytes.Load(), Problems: x.problems.first, Failed: x.problems.count,
	}, err
}

// soundIndex checks all of the index, which a whole extraction reads anyway. Of a sidecar that is damaged behind its header
// nothing is used: the archive is indexed anew.
func (a *Archive) soundIndex(ctx context.Context, o *ExtractOptions) (*Archive, error) {
	if a.rebuilt {
		return a, nil
	}
	err := a.index.Verify()
	if err == nil {
		return a, nil
	}
	if !errors.Is(err, sidecar.ErrCorrupt) {
		return nil, err
	}
	if o.Notice != nil {
		o.Notice(fmt.Errorf("%s: %w: %w", a.name+SidecarSuffix, err, ErrIndexRebuilt))
	}
	sound := *a
	return &sound, sound.indexInMemory(ctx, IndexOptions{Workers: o.Workers})
}

// An extractor is one run of Extract. One goroutine goes through the index, makes directories and hands out batches of other
// entries; workers make these. There are up to three passes: everything but directories' attributes; hard links, where
// their target must be there first; and attributes of directories, the deepest first.
type extractor struct {
	a       *Archive
	root    *os.Root
	o       ExtractOptions
	workers int
	jobs    chan *batch
	links   linkMode // of duplicates

	runs     []run
	problems problems
	failed   sync.Map // ordinals of entries that were not extracted

	entries, bytes atomic.Int64
	progressMu     sync.Mutex
}

func newExtractor(a *Archive, root *os.Root, o ExtractOptions) *extractor {
	x := &extractor{a: a, root: root, o: o, workers: o.Workers}
	x.problems.each = o.Problem
	if x.workers <= 0 {
		x.workers = runtime.GOMAXPROCS(0)
	}
	if a.index.Stats().Hardlinks > 0 {
		switch {
		case o.HardLinks:
			x.links = linkHard
		case canClone(root):
			x.links = linkClone
		}
	}
	return x
}

// linkMode says what becomes of a hard link. What was one file with several names stays one.
func (x *extractor) linkMode(e *sidecar.Entry) linkMode {
	if !e.Duplicate {
		return linkHard
	}
	return x.links
}

// run makes the passes.
func (x *extractor) run(ctx context.Context) error {
	if err := x.selectRuns(); err != nil {
		return err
	}
	if err := x.pass(ctx, passFiles); err != nil {
		return err
	}
	if st := x.a.index.Stats(); st.Hardlinks > st.Duplicates || st.Hardlinks > 0 && x.links != linkCopy {
		if err := x.pass(ctx, passLinks); err != nil {
			return err
		}
	}
	return x.pass(ctx, passDirs)
}

// pass goes through the selected entries once.
func (x *extractor) pass(ctx context.Context, kind passKind) error {
	g, gctx := errgroup.WithContext(ctx)
	x.jobs = make(chan *batch, x.workers)
	if kind != passDirs {
		for range x.workers {
			g.Go(func() error { return x.work(gctx) })
		}
	}
	g.Go(func() error {
		defer close(x.jobs)
		w := &extractWalk{x: x, ctx: gctx, kind: kind}
		return w.walk()
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// fail notes that an entry was not extracted. It returns the error if it is one after which it is pointless to go on.
func (x *extractor) fail(ctx context.Context, i int, path string, off int64, err error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if fatal(err) {
		return fmt.Errorf("%s: %w", printable(path), bare(err))
	}
	x.failed.Store(i, true)
	x.problems.add(&Problem{Path: path, Offset: off, Err: bare(err)})
	return nil
}

// fatal says whether an error will meet every further entry as well.
func fatal(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.EMFILE, syscall.ENFILE,
		syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// bare takes the names off an error of a file: the entry's path is told anyway.
func bare(err error) error {
	var pe *os.PathError
	var le *os.LinkError
	var se *os.SyscallError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	case errors.As(err, &se):
		return se.Err
	}
	return err
}

// count adds what a batch has done to the totals.
func (x *extractor) count(entries, bytes int64) {
	n, b := x.entries.Add(entries), x.bytes.Add(bytes)
	if x.o.Progress == nil {
		return
	}
	x.progressMu.Lock()
	defer x.progressMu.Unlock()
	x.o.Progress(Progress{Entries: n, Bytes: b})
}

// closeQuietly closes what was only read, or is removed after an error.
func closeQuietly(c io.Closer) { _ = c.Close() }
