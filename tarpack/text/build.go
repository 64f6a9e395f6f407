package text

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/background"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/text/prose"
)

// BuildOptions are the options of Build. The zero value is usable.
type BuildOptions struct {
	Workers int // goroutines that read documents; 0 means one for each CPU
	// Memory is how many bytes the lists of terms may take before they go to a temporary file; 0 means
	// 48 MiB. Documents that are being read take up to 32 MiB for each worker.
	Memory int
	// Background gives all of these goroutines the lowest priority where the system has one for
	// threads (Linux).
	Background bool
	// Progress, if set, is called with how many entries of the archive were looked at.
	Progress func(format.Progress)
}

// BuildResult describes an index that was built.
type BuildResult struct {
	Documents int
	Words     int64
	Bytes     int64 // of the index
}

// ErrTooMany is returned by Build for more than MaxDocuments documents.
var ErrTooMany = fmt.Errorf("the archive has more than %d documents", MaxDocuments)

// ErrTarget is returned by Build if name is that of a file that is not a text index, which is never
// replaced.
var ErrTarget = errors.New("is there and is not a text index")

// defaultMemory leaves room for the copies that the garbage collector allows.
const defaultMemory = 48 << 20

// Build writes the text index of an archive to the file name. The same archive gets the same bytes.
// The file gets its name when it is complete and on the disk, and replaces only a text index. The
// error wraps ErrMissing, ErrTarget, ErrTooMany, or format.ErrLocked if another process writes the
// file, or is one of reading the archive.
func Build(ctx context.Context, a *tarpack.Archive, name string, o BuildOptions) (res BuildResult,
	err error) {
	if !Supported {
		return res, ErrMissing
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if err := errors.Join(durable.CheckName(name), checkTarget(name)); err != nil {
		return res, err
	}
	f, lock, err := durable.LockedTemp(name)
	if err != nil {
		return res, err
	}
	temp := f.Name()
	defer func() {
		f.Close() // is closed already if all went well
		if err != nil {
			err = errors.Join(err, os.Remove(temp))
		}
		err = errors.Join(err, lock.Close())
	}()
	if err := errors.Join(f.Truncate(0), f.Chmod(modeOf(a.Name()))); err != nil {
		return res, err
	}
	if res, err = build(ctx, a, f, filepath.Dir(name), o); err != nil {
		return res, err
	}
	if err := errors.Join(a.CheckUnchanged(), f.Sync(), f.Close()); err != nil {
		return res, err
	}
	if err := osfile.Rename(temp, name); err != nil {
		return res, err
	}
	return res, durable.SyncDir(filepath.Dir(name))
}

// checkTarget returns an error if name is something else than a text index.
func checkTarget(name string) error {
	fi, err := os.Stat(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b := make([]byte, len(magic))
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != magic {
		return fmt.Errorf("%s: %w", name, ErrTarget)
	}
	return nil
}

// modeOf returns the permissions of a file: those who can read an archive can search it.
func modeOf(name string) os.FileMode {
	if fi, err := os.Stat(name); err == nil {
		return fi.Mode().Perm() | 0o600
	}
	return 0o644
}

// build writes the index of an archive to an empty file. Temporary files are in dir.
func build(ctx context.Context, a *tarpack.Archive, f *os.File, dir string, o BuildOptions) (
	res BuildResult, err error,
) {
	w := newWriter(f, BindingOf(a))
	c := newCollector(dir, cmp.Or(o.Memory, defaultMemory))
	defer func() { err = errors.Join(err, c.close()) }()
	err = readAll(ctx, a, o, func(d *document) error {
		if w.header.documents == MaxDocuments {
			return ErrTooMany
		}
		n, err := c.add(int64(w.header.documents), d)
		w.addDocument(d, n)
		return err
	})
	if err != nil {
		return res, err
	}
	w.groups = nil
	err = c.merge(func(term []byte, l *list) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return w.addTerm(term, l)
	})
	if err != nil {
		return res, err
	}
	res = BuildResult{Documents: int(w.header.documents), Words: int64(w.header.words)}
	res.Bytes, err = w.finish()
	return res, err
}

// A job is a document that is to be read. Its result is sent to done.
type job struct {
	ordinal int
	path    string
	kind    prose.Kind
	done    chan *document // nil: it has no text
}

// readAll reads the documents of an archive in parallel, and calls add with each in order.
func readAll(
	ctx context.Context, a *tarpack.Archive, o BuildOptions, add func(*document) error,
) error {
	workers := cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	group, ctx := errgroup.WithContext(ctx)
	jobs, order := make(chan *job), make(chan *job, 2*workers)
	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		return findDocuments(ctx, a, o.Progress, jobs, order)
	})
	for range workers {
		group.Go(func() error {
			if o.Background {
				background.Lower()
			}
			r := &reader{archive: a}
			for j := range jobs {
				d, err := r.read(j.ordinal, j.path, j.kind)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", a.Name(), j.path, err)
				}
				j.done <- d
			}
			return nil
		})
	}
	group.Go(func() error {
		if o.Background {
			background.Lower()
		}
		for j := range order {
			select {
			case d := <-j.done:
				if d == nil {
					continue
				}
				if err := add(d); err != nil {
					return err
				}
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	return group.Wait()
}

// findDocuments sends all documents to order, and then to jobs.
func findDocuments(ctx context.Context, a *tarpack.Archive, progress func(format.Progress),
	jobs, order chan<- *job) error {
	var p format.Progress
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			return err
		}
		if context.Cause(ctx) != nil {
			return context.Cause(ctx)
		}
		path := string(row.Path)
		if kind := KindOf(path, &row.Entry); kind != prose.None {
			j := &job{row.Ordinal, path, kind, make(chan *document, 1)}
			for _, to := range []chan<- *job{order, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}
		if row.Entry.Type == sidecar.TypeFile || row.Entry.Type == sidecar.TypeHardlink {
			p.Bytes += row.Entry.Size
		}
		if p.Entries++; progress != nil {
			progress(p)
		}
	}
	return nil
}
