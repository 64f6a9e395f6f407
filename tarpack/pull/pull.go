package pull

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// A job is one run of Pull.
type job struct {
	from  *tarpack.Archive // the new archive
	index *sidecar.Index   // of it
	o     Options
	res   Result

	old      *base.Archive // nil: there is none
	sums     bool          // both indexes have SHA-256 sums
	contents map[contentKey]uint32
	segments map[segmentKey]int64 // offsets in the old archive

	pieces   []piece
	groups   [][]uint32 // entries of each G
	embedded bool       // the new archive has its index in itself
	encoder  *gzmember.Encoder

	journal    *journal
	fetcher    *fetcher
	patchFile  Patch           // that is being fetched
	sum        *signature.Hash // that the new archive must have, or nil
	allHeaders bool            // no header is made
	replaced   bool            // a content of the old archive was damaged
	suspect    bool            // the same, or what was fetched of the same content is
	retried    bool            // a content that was fetched was damaged
	again      map[int64]bool  // offsets of pieces that were damaged when they were fetched first

	mu sync.Mutex // for Progress
}

// maxRounds is how often pieces are fetched: at first, after a look at headers, after damage of the
// old archive, after damage on the way, which is looked for twice, all headers, and everything.
const maxRounds = 7

// Pull makes the file name an archive that is open elsewhere, together with its sidecar, and if it
// was opened with a signature, with that and the checksums, unless the names differ. Checksums of
// the archive that is replaced are removed. What the old archive has is copied from it; the package
// comment says what is checked. If the Source of the archive is a Ranger, it is asked for ranges,
// otherwise it is read.
//
// If Pull fails or the context ends, the file is what it was before. What was fetched stays in a
// hidden file beside it, which JournalName names, and the next Pull of the same generation uses it.
//
// Errors of the archive wrap ErrSet, ErrDamaged, format.ErrCorrupt, source.ErrChanged or
// source.ErrUnavailable; with a signature signature.ErrRefused. Others are those of files. The
// error wraps format.ErrLocked if another process writes the file, and format.ErrShardName,
// format.ErrHidesSet or format.ErrLongName if it can't have that name.
func Pull(
	ctx context.Context, from *tarpack.Archive, name string, o Options,
) (res Result, err error) {
	j := &job{from: from, index: from.Index(), o: o.withDefaults()}
	if from.Shards() > 0 {
		return res, fmt.Errorf("%s: %w", from.Name(), ErrSet)
	}
	// The bytes of a group do not depend on the level of the content.
	if j.encoder, err = gzmember.NewEncoder(9); err != nil {
		return res, err
	}
	out, err := shardset.CreateArchive(name)
	if err != nil {
		return res, err
	}
	committed := false
	defer func() {
		if !committed {
			err = errors.Join(err, out.Abort())
		}
	}()
	if _, err := from.Embedded(); err != nil { // the new archive gets a sidecar
		if err := durable.CheckIndexName(out.Name); err != nil {
			return res, err
		}
	}
	if j.sum = o.SHA256; from.Signed() != nil {
		j.sum = &from.Signed().Files[0].SHA256
	}
	if err := j.openOld(ctx, name); err != nil {
		return res, err
	}
	if j.old != nil {
		defer func() { err = errors.Join(err, j.old.Close()) }()
	}
	if o.Before != nil {
		if err := o.Before(ctx, j.oldIndex()); err != nil {
			return res, err
		}
	}
	if err := j.openJournal(out.Name); err != nil {
		return res, err
	}
	nameless := resumeKey(from.Source()) == "" // so nothing that is kept could be used
	defer func() {
		wrong := errors.Is(err, ErrDamaged) || errors.Is(err, signature.ErrRefused)
		err = errors.Join(err, j.journal.close(err == nil || wrong || nameless))
	}()
	if err := j.run(ctx, out); err != nil {
		return res, err
	}
	if err := j.checked(ctx, out); err != nil {
		return res, err
	}
	stale, err := j.findStale(ctx, out)
	if err != nil {
		return res, err
	}
	out.NoSidecar = j.embedded
	committed = true
	if err := out.Commit(); err != nil {
		return res, err
	}
	if err := errors.Join(removeStale(stale), j.copySigned(out.Name)); err != nil {
		return res, err
	}
	j.res.Entries, j.res.ArchiveBytes = int64(j.index.Len()), from.Size()
	j.res.Fetched, j.res.Requests = j.fetcher.fetched.Load(), j.fetcher.requests.Load()
	j.res.Resumed = j.journal.resumed
	return j.res, nil
}

// checked calls the caller's function with the archive that was made.
func (j *job) checked(ctx context.Context, out *durable.Output) (err error) {
	if j.o.Checked == nil {
		return nil
	}
	src := source.Of(out.Archive, j.from.Size())
	a, err := tarpack.OpenSource(ctx, out.Name, src, out.Sidecar, j.res.SidecarBytes, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return j.o.Checked(ctx, a, j.oldIndex())
}

// oldIndex returns the index of the old archive, or nil if there is none.
func (j *job) oldIndex() *sidecar.Index {
	if j.old == nil {
		return nil
	}
	return j.old.Index
}

// openOld opens the archive that is copied from.
func (j *job) openOld(ctx context.Context, name string) error {
	old := j.o.Old
	if old == "" {
		old = name
		if _, err := os.Stat(old); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	a, err := base.OpenAny(ctx, old, 0, &indexed.Options{Workers: j.o.Workers, Notice: j.o.Notice})
	if err == nil {
		j.old = a
		return nil
	}
	if context.Cause(ctx) != nil || errors.Is(err, fs.ErrNotExist) ||
		errors.Is(err, fs.ErrPermission) {
		return err
	}
	j.o.Notice(fmt.Errorf("%w: %w", err, ErrOld))
	return nil
}

// maxPatched is by how much what the journal has is longer than the archive at most: a patch is
// only used if it is shorter.
const maxPatched = 3

// openJournal opens the journal of what an earlier run has fetched of the same generation.
func (j *job) openJournal(name string) (err error) {
	var header sidecar.Header
	if _, err := j.index.ReadAt(header[:], 0); err != nil {
		return err
	}
	id := resumeKey(j.from.Source())
	if id == "" { // it may be another generation the next time
		if err := os.Remove(JournalName(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	key := sha256.Sum256(append(header[:], id...))
	if j.journal, err = openJournal(name, key, maxPatched*j.from.Size()); err != nil {
		return err
	}
	j.fetcher = &fetcher{journal: j.journal, parallel: j.o.Parallel, get: j.get,
		progress: j.progress}
	return nil
}

// get asks for a range of the new archive, or of the patch while that is fetched.
func (j *job) get(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	var from io.ReaderAt = j.from.Source()
	if j.patchFile != nil {
		from, off = j.patchFile, off-j.patchStart()
	}
	if r, ok := from.(Ranger); ok {
		return r.Get(ctx, off, n)
	}
	return io.NopCloser(io.NewSectionReader(from, off, n)), nil
}

// progress reports how far it has come.
func (j *job) progress() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.o.Progress(Progress{
		Reused: j.res.Copied + j.res.Made, Fetched: j.journal.resumed + j.fetcher.fetched.Load(),
		Total: j.from.Size(),
	})
}

// run fetches, joins and checks until the archive is right.
func (j *job) run(ctx context.Context, out *durable.Output) error {
	if err := j.readOld(); err != nil {
		return err
	}
	if err := j.plan(); err != nil {
		return fmt.Errorf("%s: %w", j.from.Name(), err)
	}
	if err := j.planHeaders(); err != nil {
		return err
	}
	if done, err := j.patched(ctx, out); err != nil || done {
		return err
	}
	for range maxRounds {
		if err := j.fetcher.fetch(ctx, j.wanted()); err != nil {
			return err
		}
		if ok, err := j.checkHeaders(ctx); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := j.join(ctx, out.Archive); err != nil {
			return err
		}
		again, err := j.check(ctx, out)
		if err != nil {
			return fmt.Errorf("%s: %w", j.from.Name(), err)
		}
		if !again {
			if j.suspect && !j.retried {
				j.o.Notice(fmt.Errorf("%s: %w", j.old.Name, ErrReplaced))
			}
			return nil
		}
		if j.replaced {
			j.replaced = false
			j.o.Notice(fmt.Errorf("%s: %w", j.old.Name, ErrReplaced))
		}
	}
	return fmt.Errorf("%s: %w", j.from.Name(), ErrDamaged)
}
