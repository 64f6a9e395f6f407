package tarpack

import (
	"errors"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// A keptReader tells a source.Keeper whether a content was right. Its reader has compared all of it
// with checksums once all of it was read in order.
type keptReader struct {
	ContentReader
	src     source.Source
	keeper  source.Keeper
	attempt source.Attempt
	c       gzmember.Content
	at      int64 // bytes read in order from the start; -1 after another Seek
}

func newKeptReader(
	r ContentReader, src source.Source, k source.Keeper, c gzmember.Content,
) *keptReader {
	return &keptReader{ContentReader: r, src: src, keeper: k, attempt: k.Begin(c.Offset), c: c}
}

// Read implements io.Reader. If the first bytes are wrong, it reads them again if that may help.
func (r *keptReader) Read(p []byte) (int, error) {
	n, err := r.try(func() (int64, error) {
		n, err := r.ContentReader.Read(p)
		return int64(n), err
	})
	return int(n), err
}

// WriteTo implements io.WriterTo, in the same way.
func (r *keptReader) WriteTo(w io.Writer) (int64, error) {
	return r.try(func() (int64, error) { return r.ContentReader.WriteTo(w) })
}

// try reads, and tries again as long as nothing of the content was returned and it may help.
func (r *keptReader) try(read func() (int64, error)) (int64, error) {
	for {
		n, err := read()
		if again := r.note(n, err); !again || n > 0 || r.at != 0 {
			return n, r.changed(err)
		}
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
	}
}

// changed returns the error of a read. What is wrong may be of another archive, which was put in
// place of this one unnoticed.
func (r *keptReader) changed(err error) error {
	if isWrong(err) {
		if changed := r.src.Check(); errors.Is(changed, source.ErrChanged) {
			return changed
		}
	}
	return err
}

// Seek implements io.Seeker.
func (r *keptReader) Seek(off int64, whence int) (int64, error) {
	to, err := r.ContentReader.Seek(off, whence)
	switch {
	case err != nil:
	case to == 0:
		r.at, r.attempt = 0, r.keeper.Begin(r.c.Offset)
	case to != r.at:
		r.at = -1
	}
	return to, err
}

// note notes what a read of n bytes says about the content. It returns true if the bytes are worth
// reading again.
func (r *keptReader) note(n int64, err error) (again bool) {
	if isWrong(err) {
		return r.attempt.Reject(r.c.Offset, r.c.Length)
	}
	if r.at < 0 || n == 0 {
		return false
	}
	if r.at += n; r.at == r.c.Size {
		r.attempt.Confirm(r.c.Offset, r.c.Length)
	}
	return false
}

// isWrong reports whether an error means that a content is not what its checksums say.
func isWrong(err error) bool {
	return errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, signature.ErrContent)
}
