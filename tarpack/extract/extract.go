package extract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// Extract extracts an archive into the directory dir, which is created if it is missing.
//
// An entry that cannot be extracted becomes a [format.Problem] of the result, and Extract continues
// with the rest. The error of a problem wraps one of these:
//
//   - format.ErrCorrupt or format.ErrTruncated: the entry is damaged.
//   - format.ErrRefused: the entry has a dangerous name or type.
//   - format.ErrNoEntry: one of Options.Paths is not in the archive.
//   - format.ErrCollision: the file system does not distinguish the name from another entry's.
//   - format.ErrName: the system does not allow the name. On Windows that is one with a character
//     such as : or \, with a dot or space at its end, or that of a device, as NUL.txt.
//   - ErrSameName: Options.StripComponents gives it the name of an earlier entry.
//   - ErrDirInTheWay: a directory that is not empty has the name of an entry of another type.
//   - fs.ErrExist: Options.KeepOldFiles is set, and something has the name.
//   - ErrSetIDs: the file was extracted without its setuid or setgid bit, as its owner is another.
//   - signature.ErrContent or ErrHeader: the entry is not what was signed.
//
// Extract itself returns an error only if going on is pointless: the disk is full, the archive is
// on a server and can't be read any more, or ctx has ended. If owners are to be restored from a
// signed archive, it first compares the whole archive with what was signed, since only tar headers
// have them: then the error wraps signature.ErrChanged. If the archive is written to meanwhile, the
// error in the end wraps source.ErrChanged.
//
// Nothing outside of dir is ever changed. Existing files at the path of an entry are removed first,
// except directories that are not empty. They are never written through, whether they are symbolic
// links or hard links. After an error, no incomplete file is left.
//
// Blocks of 4 KiB that are all zeros become holes in a file, if the file system supports them.
func Extract(
	ctx context.Context, a *tarpack.Archive, dir string, o Options,
) (res Result, err error) {
	if len(o.Paths) == 0 {
		var release func() error
		a, release, err = a.Sound(ctx, &tarpack.OpenOptions{Workers: o.Workers, Notice: o.Notice})
		if err != nil {
			return Result{}, err
		}
		defer func() {
			if e := release(); err == nil {
				err = e
			}
		}()
	}
	if o.SameOwner {
		if err := a.CheckSigned(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Result{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	res, err = Into(ctx, a, root, o)
	if o.SameOwner && err == nil {
		err = a.StillSigned(ctx)
	}
	return res, err
}

// Into is Extract for an open directory, and an archive whose index is sound. It does not compare
// owners with what was signed.
func Into(ctx context.Context, a *tarpack.Archive, root *os.Root, o Options) (Result, error) {
	x := newExtractor(a, root, o)
	err := x.run(ctx)
	return Result{
		Entries: x.entries.Load(), Bytes: x.bytes.Load(),
		Problems: x.problems.First, Failed: x.problems.Count,
	}, err
}

// An extractor is one call of Extract. One goroutine walks the index, creates directories and sends
// batches of other entries to workers, which create them. There are up to three passes: everything
// except attributes of directories; hard links, which need their targets first; and attributes of
// directories, the deepest first.
type extractor struct {
	a       *tarpack.Archive
	root    *os.Root
	o       Options
	workers int
	jobs    chan *batch
	links   linkMode // how duplicates are extracted

	runs     []run
	problems format.Problems
	failed   sync.Map // keys are the ordinals of entries that were not extracted
	ids      idCache

	// standIns has the paths of the files that took the place of targets that are not extracted.
	standIns   map[int]string
	standInsMu sync.Mutex

	// For the walker only. noAttributes has the ordinals of directories that do not get mode, time
	// and owner. entered has the directories that may be entered again under another path of the
	// archive, and whether this run created them; it is nil unless StripComponents is set.
	noAttributes map[int]bool
	entered      map[osfile.Identity]bool

	entries, bytes atomic.Int64
	progressMu     sync.Mutex
}

func newExtractor(a *tarpack.Archive, root *os.Root, o Options) *extractor {
	x := &extractor{
		a: a, root: root, o: o, workers: o.Workers,
		noAttributes: map[int]bool{}, standIns: map[int]string{},
	}
	if o.StripComponents > 0 {
		x.entered = map[osfile.Identity]bool{}
	}
	x.problems.Each = o.Problem
	if x.workers <= 0 {
		x.workers = runtime.GOMAXPROCS(0)
	}
	if a.Index().Stats().Hardlinks > 0 {
		switch {
		case o.HardLinks:
			x.links = linkHard
		case canClone(root):
			x.links = linkClone
		}
	}
	return x
}

// linkMode returns how a hard link is extracted. Names of one file stay names of one file.
func (x *extractor) linkMode(e *sidecar.Entry) linkMode {
	if !e.Duplicate {
		return linkHard
	}
	return x.links
}

// run runs the passes.
func (x *extractor) run(ctx context.Context) error {
	if err := x.selectRuns(); err != nil {
		return err
	}
	if err := x.pass(ctx, passFiles); err != nil {
		return err
	}
	st := x.a.Index().Stats()
	if st.Hardlinks > st.Duplicates || st.Hardlinks > 0 && x.links != linkCopy {
		if err := x.pass(ctx, passLinks); err != nil {
			return err
		}
	}
	return x.pass(ctx, passDirs)
}

// pass walks the selected entries once.
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
		w := &walker{x: x, ctx: gctx, kind: kind}
		return w.walk()
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// fail records that entry i was not extracted. It returns an error only if going on is pointless.
func (x *extractor) fail(ctx context.Context, i int, off int64, err error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	path, e := x.a.Index().Path(i)
	if e != nil {
		return fmt.Errorf("%s: %w", x.a.Name(), e)
	}
	if fatal(err) {
		return fmt.Errorf("%s: %s: %w", x.failedIn(err), format.Printable(path), bare(err))
	}
	if !isExtracted(err) {
		x.failed.Store(i, true)
		err = bare(err)
	}
	x.problems.Add(&format.Problem{Path: path, Offset: off, Err: err})
	return nil
}

// fatal reports whether every further entry would fail with the same error.
func fatal(err error) bool {
	if osfile.IsFull(err) {
		return true
	}
	for _, e := range []syscall.Errno{
		syscall.EROFS, syscall.EIO,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM,
	} {
		if osfile.Is(err, e) {
			return true
		}
	}
	// Other shards of a set may still be read.
	return (errors.Is(err, source.ErrUnavailable) || errors.Is(err, source.ErrChanged)) &&
		!errors.Is(err, format.ErrShard)
}

// failedIn returns the name of what a fatal error is about: the archive if it was read, or else the
// target directory.
func (x *extractor) failedIn(err error) string {
	if pe := (*os.PathError)(nil); errors.As(err, &pe) && pe.Op == "read" {
		return x.a.Name()
	}
	return x.root.Name()
}

// bare returns the cause of a file error, without its operation and path. A Problem has the path.
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

// count adds the entries and bytes of a batch to the totals.
func (x *extractor) count(entries, bytes int64) {
	n, b := x.entries.Add(entries), x.bytes.Add(bytes)
	if x.o.Progress == nil {
		return
	}
	x.progressMu.Lock()
	defer x.progressMu.Unlock()
	x.o.Progress(format.Progress{Entries: n, Bytes: b})
}
