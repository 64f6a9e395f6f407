package variants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/signature"
)

// VerifyOptions are the options of Verify. The zero value is usable.
type VerifyOptions struct {
	Trust   *signature.Trust // demands that contents are those that were signed; nil: no demand
	Workers int              // decoding goroutines; 0 means one for each CPU
	// Problem, if set, is called with each problem, from one goroutine at a time.
	Problem func(*format.Problem)
	// Progress, if set, is called after each content that has variants, from one goroutine at a time.
	Progress func(format.Progress)
}

// VerifyResult describes a variants file that was checked.
type VerifyResult struct {
	Variants int64 // that were decoded
	Failed   int64 // problems
}

// Verify decodes each variant of an archive and compares it with the content. A file that is of
// another archive, or can't be opened, is one problem, as is any that a build without decoders
// can't read (variants.ErrMissing). The error wraps ErrNone if there is no
// file. Problems are not errors.
func Verify(ctx context.Context, archive string, o VerifyOptions) (VerifyResult, error) {
	name, err := Name(archive)
	if err != nil {
		return VerifyResult{}, err
	}
	// No file has a name that is too long.
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) || durable.CheckName(name) != nil {
		return VerifyResult{}, fmt.Errorf("%s: %w", name, ErrNone)
	}
	a, err := tarpack.Open(ctx, archive, &tarpack.OpenOptions{Trust: o.Trust, Workers: o.Workers})
	if err != nil {
		return VerifyResult{}, err
	}
	defer a.Close()
	v := &verifier{o: o, a: a, name: name}
	x, err := variants.Open(name, variants.Of(a.Index()))
	if err != nil {
		v.problem("", err)
		return v.res, nil
	}
	defer x.Close()
	if edition.Minimal {
		v.problem("", fmt.Errorf("%s: %w", name, variants.ErrMissing))
		return v.res, nil
	}
	v.x = x
	err = v.run(ctx)
	return v.res, err
}

// A verifier is one run of Verify.
type verifier struct {
	o    VerifyOptions
	a    *tarpack.Archive
	x    *variants.File
	name string
	mu   sync.Mutex // guards done, res and the calls of o's functions
	done format.Progress
	res  VerifyResult
}

func (v *verifier) problem(path string, err error) {
	v.res.Failed++
	if v.o.Problem != nil {
		v.o.Problem(&format.Problem{Path: path, Offset: -1, Err: err})
	}
}

// run checks each entry that has variants.
func (v *verifier) run(ctx context.Context) error {
	bo := Options{Workers: v.o.Workers}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(bo.workers())
	x := v.a.Index()
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return errors.Join(err, g.Wait())
		}
		if gctx.Err() != nil {
			break
		}
		set, err := v.x.Find(row.Ordinal)
		switch {
		case err != nil:
			v.report(string(row.Path), err, 0)
		case set.Size == 0:
		case set.Size != row.Entry.Size: // before the content is read: it may be of any size
			v.report(string(row.Path), fmt.Errorf("%w: they are of %d bytes, the file has %d",
				variants.ErrCorrupt, set.Size, row.Entry.Size), 0)
		case row.Entry.Type == sidecar.TypeHardlink:
			v.checkLink(&row, &set)
		default:
			i, path := row.Ordinal, string(row.Path)
			g.Go(func() error { return v.check(i, path, &set) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// checkLink checks that a hard link has the variants of its target.
func (v *verifier) checkLink(row *sidecar.Row, set *variants.Set) {
	target, err := v.x.Find(int(row.Entry.Target))
	if err == nil && target != *set {
		err = fmt.Errorf("%w: a hard link has other variants than its target", variants.ErrCorrupt)
	}
	if err != nil {
		v.report(string(row.Path), err, 0)
	}
}

// check compares the variants of entry i with its content.
func (v *verifier) check(i int, path string, set *variants.Set) error {
	content, err := v.a.AppendContent(nil, i)
	if errors.Is(err, format.ErrCorrupt) || errors.Is(err, sidecar.ErrRange) ||
		errors.Is(err, signature.ErrRefused) {
		v.report(path, err, 0)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", v.a.Name(), path, err)
	}
	decoded := int64(0)
	for c := range variants.NumCodings {
		va, ok := set.Get(c)
		if !ok {
			continue
		}
		b, err := v.x.Append(nil, va)
		if err == nil {
			b, err = v.x.Decode(nil, va, b, set.Size)
		}
		if err == nil && !bytes.Equal(b, content) {
			err = fmt.Errorf("%w: it decodes to something else", variants.ErrCorrupt)
		}
		if err != nil {
			if !errors.Is(err, variants.ErrCorrupt) {
				return err
			}
			v.report(path, fmt.Errorf("%v: %w", c, err), 0)
			continue
		}
		decoded++
	}
	v.report(path, nil, decoded)
	return nil
}

// report reports a problem, or that variants of an entry were decoded.
func (v *verifier) report(path string, err error, decoded int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err != nil {
		v.problem(path, err)
		return
	}
	v.res.Variants += decoded
	if v.o.Progress != nil {
		v.done.Entries++
		v.o.Progress(v.done)
	}
}
