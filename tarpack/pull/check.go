package pull

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// check checks the archive that was joined, and writes its sidecar. If something is wrong that can
// be fetched once more, it returns again = true.
func (j *job) check(ctx context.Context, o *durable.Output) (again bool, err error) {
	if err := o.Sidecar.Truncate(0); err != nil {
		return false, err
	}
	res, err := scan.BuildIndex(ctx, o.Archive, j.from.Size(), o.Sidecar, j.o.scan())
	if errors.Is(err, format.ErrCorrupt) || errors.Is(err, format.ErrTruncated) {
		again, findErr := j.findDamage(ctx, o.Archive)
		if findErr == nil && !again {
			findErr = fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return again, findErr
	}
	if err != nil {
		return false, err
	}
	j.res.SidecarBytes = res.SidecarBytes
	if j.sum == nil {
		return false, nil
	}
	sum, err := tarpack.HashRange(ctx, o.Archive, 0, j.from.Size())
	if err != nil || sum == *j.sum {
		return false, err
	}
	if j.from.Signed() == nil {
		again, err = j.fetchMore(ErrSum)
		if errors.Is(err, ErrSum) { // it is what the server has
			j.o.Notice(fmt.Errorf("%s: %w", j.from.Name(), err))
			err = nil
		}
		return again, err
	}
	return j.fetchMore(j.from.Signed().Files[0].Check(sum))
}

// fetchMore makes more pieces fetched ones: first the headers, then everything. It returns failed
// if everything was fetched already.
func (j *job) fetchMore(failed error) (again bool, err error) {
	if !j.allHeaders {
		j.fetchHeaders()
		return true, nil
	}
	for k := range j.pieces {
		if p := &j.pieces[k]; p.how == copied {
			p.how, again = fetched, true
		}
	}
	if again {
		return true, nil
	}
	return false, failed
}

// findDamage reads the contents. What was copied and is wrong is to be fetched. If all of that is
// right, what was fetched and is wrong is fetched once more: it may have been damaged on the way.
// It returns false if there is nothing to fetch.
func (j *job) findDamage(ctx context.Context, archive io.ReaderAt) (again bool, err error) {
	wrong := map[uint32]bool{}
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.part != partContent && p.part != partFirst {
			continue
		}
		right, err := j.isRight(ctx, archive, int(p.i))
		if err != nil {
			return false, err
		}
		if !right {
			wrong[p.i] = true
		}
	}
	again = j.replaceCopied(wrong)
	if again || j.retried { // what was fetched is checked again with what is fetched now
		return again, nil
	}
	var gone []span
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.ofContent() && !wrong[p.i] || !p.ofContent() && len(wrong) > 0 {
			continue
		}
		if _, had := j.journal.find(p.off, p.n); had { // also what is made, if it was in a gap
			gone = append(gone, span{off: p.off, n: p.n})
		}
	}
	j.journal.forget(gone...)
	j.retried = true
	return len(gone) > 0, nil
}

// replaceCopied makes what was copied of contents that are wrong be fetched, and reports whether
// there is any. A part of such a content may have been fetched: then that may be damaged as well.
// What was fetched only because it lies between two ranges is copied instead.
func (j *job) replaceCopied(wrong map[uint32]bool) (found bool) {
	mixed := map[uint32]bool{}
	for k := range j.pieces {
		if p := &j.pieces[k]; p.how == fetched && p.ofContent() {
			mixed[p.i] = true
		}
	}
	var gone []span
	for k := range j.pieces {
		p := &j.pieces[k]
		if p.how != copied || !wrong[p.i] {
			continue
		}
		found = true
		if _, had := j.journal.find(p.off, p.n); had { // it was in a gap: now it is copied
			gone = append(gone, span{off: p.off, n: p.n})
			continue
		}
		p.how = fetched
		switch {
		case j.isGuess(p):
		case mixed[p.i]:
			j.suspect = true
		default:
			j.replaced = true
		}
	}
	j.journal.forget(gone...)
	return found
}

// isRight reports whether the content of file i of an archive is the one of the index.
func (j *job) isRight(ctx context.Context, archive io.ReaderAt, i int) (bool, error) {
	e, err := j.index.Entry(i)
	if err != nil {
		return false, err
	}
	c, err := format.ContentOfEntry(j.index, i, &e)
	if err != nil {
		return false, err
	}
	r, err := gzmember.NewReader(archive, c)
	if err != nil {
		return false, nil
	}
	defer r.Close()
	sum, hash := sha256.New(), xxhash.New()
	w := io.Writer(hash)
	if j.index.HasSHA256() {
		w = io.MultiWriter(hash, sum)
	}
	_, err = io.Copy(w, &output.ContextReader{Ctx: ctx, R: r})
	switch {
	case errors.Is(err, gzmember.ErrCorrupt), errors.Is(err, gzmember.ErrTruncated):
		return false, nil
	case err != nil:
		return false, err
	case hash.Sum64() != e.Hash:
		return false, nil
	case !j.index.HasSHA256():
		return true, nil
	}
	want, err := j.index.SHA256(i)
	return sidecar.Sum(sum.Sum(nil)) == want, err
}
