package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// SampleOptions are the options of VerifySample.
type SampleOptions struct {
	// Count is how many entries are checked, and Share the part of all entries, from 0 to 1. The
	// larger sample of both counts. It has at least one entry, unless the archive has none.
	Count int64
	Share float64
	// Seed decides which entries are in the sample: with the same seed, the same ones.
	Seed uint64
	// Trust, if set, demands that the archive was signed: see OpenOptions.
	Trust *signature.Trust

	// Problem and Progress are those of VerifyOptions.
	Problem  func(*format.Problem)
	Progress func(format.Progress)
}

// VerifySample checks a random sample of the entries of an archive, in the order of the index. Each
// entry is as likely as any other, whatever its size. It compares the tar header of an entry with
// the index, decompresses the content of a file or a hard link, and compares it with its checksums.
// The hashes of the whole index are checked, too.
//
// The archive must have an index, which may be in it: the error wraps format.ErrNoSidecar or
// format.ErrStale. Other errors and problems are as for Verify. Bytes of the archive that no entry
// has are not read.
func VerifySample(ctx context.Context, name string, o SampleOptions) (VerifyResult, error) {
	a, err := Open(ctx, name, &OpenOptions{RequireSidecar: true, LoadIndex: 1, Trust: o.Trust})
	if err != nil {
		return VerifyResult{}, err
	}
	defer a.Close() // opened for reading only
	return a.VerifySample(ctx, o)
}

// VerifySample is the function VerifySample for an open archive, which may be a part of another
// file. The archive must have been opened with a CheckIndex that is large enough for its index, and
// with the Trust to demand: that of the options is ignored.
func (a *Archive) VerifySample(ctx context.Context, o SampleOptions) (VerifyResult, error) {
	problems := format.Problems{Each: o.Problem}
	var done format.Progress
	n := int64(a.index.Len())
	rest := min(n, max(1, o.Count, int64(math.Ceil(o.Share*float64(n)))))
	random := rand.New(rand.NewPCG(o.Seed, 0))
	headers := &HeaderChecker{a: a}
	// Knuth's algorithm S: each entry is taken with the probability that fills the rest of the
	// sample from the rest of the entries. It needs no memory for either.
	for i := int64(0); i < n && rest > 0; i++ {
		if random.Int64N(n-i) >= rest {
			continue
		}
		rest--
		size, err := a.verifyEntry(headers, int(i))
		switch {
		case ctx.Err() != nil:
			return VerifyResult{}, context.Cause(ctx)
		case err != nil && !isDamage(err) && !errors.Is(err, signature.ErrRefused):
			return VerifyResult{}, err
		case err != nil:
			problems.Add(a.problemAt(int(i), err))
		default:
			done.Entries++
			done.Bytes += size
		}
		if o.Progress != nil {
			o.Progress(done)
		}
	}
	if problems.Count > 0 && a.CheckUnchanged() != nil {
		return VerifyResult{}, fmt.Errorf("%s: %w", a.name, source.ErrChanged)
	}
	return VerifyResult{Entries: done.Entries, Bytes: done.Bytes, Problems: problems.First,
		Failed: problems.Count}, nil
}

// problemAt returns the problem of entry i.
func (a *Archive) problemAt(i int, err error) *format.Problem {
	p := &format.Problem{Offset: -1, Err: err}
	if path, err := a.index.Path(i); err == nil {
		p.Path = path
	}
	if e, err := a.index.Entry(i); err == nil {
		p.Offset = e.Offset
	}
	return p
}

// verifyEntry checks one entry, and returns the bytes of its content.
func (a *Archive) verifyEntry(headers *HeaderChecker, i int) (size int64, err error) {
	e, err := a.index.Entry(i)
	if err != nil {
		return 0, err
	}
	if err := headers.Check(i, &e); err != nil {
		if a.signed == nil && errors.Is(err, signature.ErrHeader) { // it contradicts the index only
			err = fmt.Errorf("%w: the tar header is not what the index has", format.ErrCorrupt)
		}
		return 0, err
	}
	if e.Type != sidecar.TypeFile && e.Type != sidecar.TypeHardlink {
		return 0, nil
	}
	r, err := a.OpenContent(i)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	sum := xxhash.New()
	n, err := io.Copy(sum, r)
	if err == nil && (n != e.Size || sum.Sum64() != e.Hash) {
		err = fmt.Errorf("%w: the content is not what the index has", format.ErrCorrupt)
	}
	return n, err
}
