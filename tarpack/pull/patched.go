package pull

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/patch"
	"github.com/tarpack/tpk/tarpack/source"
)

// A Patch is a file that package patch has made, on a server. If it is a Ranger, it is asked for
// ranges, otherwise it is read.
type Patch interface {
	io.ReaderAt
	io.Closer
	Name() string // for messages
	Size() int64
	// Identity names the generation of the file, as that of source.Source.
	Identity() string
}

// ErrPatch is a notice: the patch can't be used, so the archive is pulled without it.
var ErrPatch = errors.New("pulling without the patch")

// ErrUnmade is a notice: a part of the patch, or of the old archive, is damaged, or another release
// of this program has made the patch. The patch is used as far as it goes.
var ErrUnmade = errors.New("the patch does not make all of it: fetching the rest")

// patched makes the new archive with a patch, if the server has one that is shorter than what would
// be fetched. It returns false if the archive must be pulled without.
func (j *job) patched(ctx context.Context, out *durable.Output) (bool, error) {
	left := int64(0)
	for _, s := range j.fetcher.missing(j.wanted()) {
		left += s.n
	}
	for k := range j.pieces {
		if p := &j.pieces[k]; p.how == copied && j.isGuess(p) {
			left += p.n
		}
	}
	if j.o.Patch == nil || j.old == nil || j.old.Set != nil || left == 0 {
		return false, nil
	}
	file, err := j.o.Patch(ctx, j.old.Trailer.Digest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil:
		if file.Size() < left {
			err = j.applyPatch(ctx, file, out)
		} else {
			err = errLong
		}
		err = errors.Join(err, file.Close())
	}
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errLong):
		return false, nil
	case context.Cause(ctx) != nil:
		return false, context.Cause(ctx)
	case errors.Is(err, errOutput):
		return false, err
	}
	j.o.Notice(fmt.Errorf("%w: %w", err, ErrPatch))
	j.journal.forget(span{off: j.patchAt(), n: maxSpan})
	return false, nil
}

var (
	errLong   = errors.New("the patch is longer than what would be fetched")
	errOutput = errors.New("") // wraps an error that is not one of the patch
)

// isOutput marks an error as one that pulling without a patch would have, too.
func isOutput(err error) error {
	if err == nil {
		return nil
	}
	return outputError{err}
}

type outputError struct{ error }

func (e outputError) Unwrap() error        { return e.error }
func (e outputError) Is(target error) bool { return target == errOutput }

// The journal has the patch behind the archive: the SHA-256 of its identity, then its bytes.
const maxSpan = 1 << 62

func (j *job) patchAt() int64 { return j.from.Size() }

// patchStart is where the bytes of the patch begin in the journal.
func (j *job) patchStart() int64 { return j.patchAt() + sha256.Size }

// journalReader reads what the journal has from start.
type journalReader struct {
	j     *journal
	start int64
	size  int64
}

// ReadAt implements io.ReaderAt.
func (r journalReader) ReadAt(b []byte, off int64) (int, error) {
	n := min(int64(len(b)), r.size-off)
	if n <= 0 {
		return 0, io.EOF
	}
	got, err := r.j.read(r.start+off, n)
	if err == nil && got == nil {
		err = fmt.Errorf("%w: nothing was fetched at byte %d", ErrDamaged, off)
	}
	if copy(b, got); err == nil && n < int64(len(b)) {
		err = io.EOF
	}
	return len(got), err
}

// fetchPatch fetches the patch into the journal. An earlier run may have a part of it.
func (j *job) fetchPatch(ctx context.Context, file Patch) (*patch.Patch, error) {
	key := resumeKey(file)
	id := sha256.Sum256([]byte(key))
	had, err := j.journal.read(j.patchAt(), sha256.Size)
	if err != nil {
		return nil, isOutput(err)
	}
	if key == "" || had == nil || [sha256.Size]byte(had) != id {
		j.journal.forget(span{off: j.patchAt(), n: maxSpan})
		record := append(make([]byte, recordHeader), id[:]...)
		if err := j.journal.add(j.patchAt(), record); err != nil {
			return nil, isOutput(err)
		}
	}
	j.patchFile = file
	defer func() { j.patchFile = nil }()
	r := journalReader{j.journal, j.patchStart(), file.Size()}
	var p *patch.Patch
	// The header shows whether the rest is of use.
	for _, n := range []int64{min(patch.HeaderSize, file.Size()), file.Size()} {
		if err := j.fetcher.fetch(ctx, []span{{off: j.patchStart(), n: n}}); err != nil {
			if errors.Is(err, source.ErrChanged) {
				return nil, err
			}
			return nil, isOutput(err) // the next run goes on from here
		}
		if p != nil {
			continue
		}
		if p, err = j.openPatch(r, file.Size()); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
	}
	return p, nil
}

// openPatch reads the header of a patch. The error is not nil if it is not one for both archives.
func (j *job) openPatch(r io.ReaderAt, size int64) (*patch.Patch, error) {
	p, err := patch.Open(r, size)
	if err != nil {
		return nil, err
	}
	t := j.from.Trailer()
	if p.OldDigest != j.old.Trailer.Digest || p.OldSize != j.old.Size ||
		p.NewDigest != t.Digest || p.NewSize != j.from.Size() {
		return nil, fmt.Errorf("%w: it is for other archives", patch.ErrResult)
	}
	if j.sum != nil && *j.sum != p.SHA256 {
		return nil, fmt.Errorf("%w: its SHA-256 is another one", patch.ErrResult)
	}
	return p, nil
}

// applyPatch makes the archive and its sidecar. What the patch can't make is fetched.
func (j *job) applyPatch(ctx context.Context, file Patch, out *durable.Output) error {
	before := j.fetcher.fetched.Load()
	p, err := j.fetchPatch(ctx, file)
	if err != nil {
		return err
	}
	fetched := j.fetcher.fetched.Load() - before
	f := out.Archive
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return isOutput(err)
	}
	if err := f.Truncate(0); err != nil {
		return isOutput(err)
	}
	done, err := p.Apply(ctx, j.old.OSFile, f)
	if errors.Is(err, patch.ErrCorrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	if err != nil {
		return isOutput(err)
	}
	if len(done.Missing) > 0 {
		j.o.Notice(fmt.Errorf("%s: %w", file.Name(), ErrUnmade))
		if err := j.fillMissing(ctx, f, done.Missing); err != nil {
			return err
		}
	}
	if err := p.Check(ctx, f); err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	if err := out.Sidecar.Truncate(0); err != nil {
		return isOutput(err)
	}
	res, err := scan.BuildIndex(ctx, f, j.from.Size(), out.Sidecar, j.o.scan())
	if err != nil {
		return err
	}
	j.res.SidecarBytes = res.SidecarBytes
	j.res.Patch = fetched
	j.res.Copied, j.res.Made = done.Copied, done.Made
	j.progress()
	return nil
}

// fillMissing fetches what a patch could not make, and writes it to its place.
func (j *job) fillMissing(ctx context.Context, f io.WriterAt, missing []patch.Span) error {
	spans := make([]span, len(missing))
	for k, s := range missing {
		spans[k] = span{off: s.Off, n: s.Len}
	}
	if err := j.fetcher.fetch(ctx, spans); err != nil {
		return isOutput(err)
	}
	for _, s := range spans {
		in := io.NewSectionReader(journalReader{j.journal, 0, j.from.Size()}, s.off, s.n)
		if _, err := io.Copy(io.NewOffsetWriter(f, s.off), in); err != nil {
			return isOutput(err)
		}
	}
	return nil
}
