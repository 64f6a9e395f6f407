package variants

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Build writes the variants file of an archive or a shard set, which may have any name that
// tarpack.Open takes. It takes from the file that is there what it has of unchanged contents, after
// decoding it, and keeps its dictionaries. The new file replaces the old one when it is complete
// and on the disk.
//
// If ctx ends, the error wraps ErrUnfinished, and two temporary files stay beside the archive, with
// which the next Build of the same archive goes on. Drop removes them. Other errors leave nothing
// of the new file. The error wraps variants.ErrMissing if this build has no encoders, ErrNone if
// there are no settings and no file to take them from, format.ErrLocked if another process writes
// the file, and format.ErrChanged if the archive was replaced meanwhile.
func Build(ctx context.Context, archive string, o Options) (Result, error) {
	if edition.Minimal {
		return Result{}, variants.ErrMissing
	}
	name, err := Name(archive)
	if err != nil {
		return Result{}, err
	}
	b := &builder{o: o, res: Result{Name: name}}
	if err := b.openOld(); err != nil {
		return Result{}, err
	}
	defer b.old.close()
	defer b.decoder.Close()
	if b.a, err = tarpack.Open(ctx, archive, &tarpack.OpenOptions{Workers: o.Workers}); err != nil {
		return Result{}, err
	}
	defer b.a.Close() // read only
	if err := b.create(); err != nil {
		return Result{}, err
	}
	err = b.run(ctx)
	if err == nil {
		err = b.commit()
	}
	return b.res, errors.Join(err, b.end(ctx, err))
}

// A builder is one run of Build.
type builder struct {
	o        Options
	settings variants.Settings
	a        *tarpack.Archive
	before   os.FileInfo // of the archive
	old      oldFile
	file     *os.File // the new variants file under its temporary name
	lock     *os.File
	journal  journal
	w        *variants.Writer
	enc      *encoder
	bySum    map[sidecar.Sum]int // the entry whose set has a content
	decoder  variants.Decoder    // of siblings
	done     format.Progress
	res      Result
}

// openOld opens the file that is there, and decides on the settings.
func (b *builder) openOld() error {
	old, err := variants.OpenAny(b.res.Name)
	b.settings = b.o.Settings
	if b.settings.Codings == 0 {
		switch {
		case err == nil:
			b.settings = old.Settings()
		case b.o.Siblings != nil:
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: %w", b.res.Name, ErrNone)
		default:
			return err
		}
	}
	if err == nil { // a damaged one is replaced
		b.old.open(old)
	}
	b.res.Settings = b.settings
	return nil
}

// create opens the temporary files, and locks them.
func (b *builder) create() error {
	archive, err := osfile.OpenFile(b.archiveFile(), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer archive.Close()
	if b.before, err = archive.Stat(); err != nil {
		return err
	}
	if err := durable.CheckName(b.res.Name); err != nil {
		return err
	}
	if fi, err := os.Lstat(b.res.Name); err == nil && !fi.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", b.res.Name, format.ErrNotRegular)
	}
	if b.file, b.lock, err = durable.LockedTemp(b.res.Name); err != nil {
		return err
	}
	if err = durable.Inherit(b.file, archive); err == nil {
		b.journal.file, err = durable.OpenTemp(journalName(b.res.Name))
	}
	if err != nil {
		return errors.Join(err, b.end(context.Background(), err))
	}
	return nil
}

// archiveFile returns the name of the archive's file, or of the list of a set.
func (b *builder) archiveFile() string {
	return strings.TrimSuffix(b.res.Name, format.VariantsSuffix)
}

// run writes everything into the temporary file.
func (b *builder) run(ctx context.Context) error {
	b.w = variants.NewWriter(b.file, variants.Of(b.a.Index()), b.settings)
	b.bySum = map[sidecar.Sum]int{}
	dictionaries, err := b.dictionaries(ctx)
	if err != nil {
		return err
	}
	for _, d := range dictionaries {
		if _, err := b.w.AddDictionary(d); err != nil {
			return err
		}
		b.res.Dictionaries++
		b.res.DictionaryBytes += int64(len(d.Bytes))
	}
	if b.enc, err = newEncoder(b.settings, dictionaries, b.o.workers()); err != nil {
		return err
	}
	defer b.enc.close()
	next, err := b.resume(dictionaries)
	if err != nil {
		return err
	}
	if err := b.encode(ctx, next); err != nil {
		return err
	}
	return b.link()
}

// encode encodes the contents from the ordinal next on, in several goroutines, and writes them in
// the order of ordinals.
func (b *builder) encode(ctx context.Context, next int) error {
	g, gctx := errgroup.WithContext(ctx)
	q := newQueue(b.o.workers())
	g.Go(func() error { return b.list(gctx, next, q) })
	for range b.o.workers() {
		g.Go(func() error {
			for j := range q.jobs {
				j.err = b.prepare(gctx, j)
				close(j.ready)
			}
			return nil
		})
	}
	g.Go(func() error { return b.write(gctx, q) })
	return g.Wait()
}

// write writes the contents of the queue in order.
func (b *builder) write(ctx context.Context, q *queue) error {
	for {
		select {
		case j, ok := <-q.ordered:
			if !ok {
				return nil
			}
			select {
			case <-j.ready:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			if j.err != nil {
				return j.err
			}
			if err := b.add(j); err != nil {
				return err
			}
			q.release(j)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// add writes one content, or points to an equal one.
func (b *builder) add(j *job) error {
	if first, ok := b.bySum[j.sum]; ok {
		b.advance(j.size)
		if err := b.w.Link(j.ordinal, first); err != nil {
			return err
		}
		return b.journal.link(j.ordinal, first)
	}
	if b.settings.Codings == 0 && !j.hasVariant() { // it was not tried
		b.advance(j.size)
		return nil
	}
	set, err := b.w.Add(j.ordinal, j.size, j.sum, j.encoded)
	if err != nil {
		return fmt.Errorf("%s: %w", b.res.Name, err)
	}
	b.count(j.ordinal, j.gzip, &set, j.sum)
	if j.reused {
		b.res.Reused++
	}
	b.res.Siblings += int64(j.siblings)
	return b.journal.add(j.ordinal, &set, j.sum)
}

// count adds a set to the result, and notes the entry that has its content.
func (b *builder) count(ordinal int, gzip int64, set *variants.Set, sum sidecar.Sum) {
	b.bySum[sum] = ordinal
	b.res.Contents++
	b.res.Gzip += gzip
	for c := range variants.NumCodings {
		if v, ok := set.Get(c); ok {
			n := &b.res.Codings[c]
			n.Contents, n.Gzip, n.Bytes = n.Contents+1, n.Gzip+gzip, n.Bytes+v.Length
		}
	}
	b.advance(set.Size)
}

// advance adds a content of size bytes to the progress.
func (b *builder) advance(size int64) {
	b.done.Entries, b.done.Bytes = b.done.Entries+1, b.done.Bytes+size
	if b.o.Progress != nil {
		b.o.Progress(b.done)
	}
}

// link gives the hard links the variants of their targets.
func (b *builder) link() error {
	x := b.a.Index()
	for row, err := range x.All(0, x.Len()) {
		if err == nil && row.Entry.Type == sidecar.TypeHardlink {
			err = b.w.Link(row.Ordinal, int(row.Entry.Target))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// commit completes the file, and gives it its name.
func (b *builder) commit() error {
	size, err := b.w.Finish()
	if err == nil {
		err = b.file.Truncate(size)
	}
	if err == nil {
		err = b.file.Sync()
	}
	if err == nil {
		err = b.unchanged()
	}
	if err == nil {
		err = osfile.Rename(b.file.Name(), b.res.Name)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.res.Name, err)
	}
	b.res.Bytes = size
	return durable.SyncDir(filepath.Dir(b.res.Name))
}

// unchanged returns an error if the archive is not the one any more that was read.
func (b *builder) unchanged() error {
	if err := b.a.CheckUnchanged(); err != nil {
		return err
	}
	now, err := os.Stat(b.archiveFile())
	if err != nil {
		return err
	}
	if !os.SameFile(now, b.before) {
		return fmt.Errorf("the archive: %w", format.ErrChanged)
	}
	return nil
}

// end closes and removes the temporary files. It keeps them if ctx has ended before the file was
// complete, so that the next Build can go on.
func (b *builder) end(ctx context.Context, failed error) error {
	var errs []error
	keep := failed != nil && ctx.Err() != nil
	if keep {
		errs = append(errs, ErrUnfinished)
	}
	if b.journal.file != nil {
		if !keep {
			errs = append(errs, os.Remove(b.journal.file.Name()))
		}
		errs = append(errs, b.journal.file.Close())
	}
	if failed != nil && !keep {
		errs = append(errs, os.Remove(b.file.Name()))
	}
	return errors.Join(append(errs, b.file.Close(), b.lock.Close())...)
}
