package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// Open opens an archive on a server by its URL. If it is replaced meanwhile, Open starts again,
// once.
//
// Errors wrap those of package object, or those of tarpack.OpenSource. The Archive reads one
// generation: after it was replaced on the server, reading what was not read before fails with
// source.ErrChanged.
func Open(ctx context.Context, rawURL string, o *Options) (*tarpack.Archive, error) {
	o, release, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a, err := o.open(ctx, rawURL, release)
	if errors.Is(err, source.ErrChanged) || errors.Is(err, format.ErrStale) ||
		errors.Is(err, signature.ErrRefused) && !errors.Is(err, signature.ErrUnsigned) {
		// The archive and what is beside it are several objects, which were not replaced at the same
		// instant.
		a, err = o.open(ctx, rawURL, release)
	}
	if err != nil {
		release()
		return nil, err
	}
	return a, nil
}

// Cancel ends all requests of an archive that Open has opened, and those that would be made later,
// with an error. What was fetched can still be read. The archive must still be closed.
func Cancel(a *tarpack.Archive, cause error) {
	if s, ok := a.Source().(interface{ Cancel(error) }); ok {
		s.Cancel(cause)
	}
}

// open is one attempt of Open. When the Archive is closed it calls release.
func (o *Options) open(
	ctx context.Context, rawURL string, release func(),
) (*tarpack.Archive, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	side := make(chan opened, 1)
	sidecarURL := cmp.Or(o.Sidecar, beside(rawURL, format.SidecarSuffix))
	go func() { side <- o.object(ctx, sidecarURL, firstIndex) }()
	var signed *signature.Signed
	trusted := make(chan error, 1)
	go func() {
		var err error
		signed, err = o.signed(ctx, rawURL)
		trusted <- err
	}()
	archive := o.object(ctx, rawURL, 0)
	if archive.err != nil {
		cancel()
	}
	besides, err := <-side, <-trusted
	if archive.err != nil {
		return nil, archive.err
	}
	if err != nil {
		return nil, err
	}
	cache := o.Blocks
	if cache == nil {
		cache = blocks.New(blocks.Options{})
	}
	src := newSource(cache, archive.x, release)
	stop := context.AfterFunc(ctx, func() { src.Generation.Cancel(context.Cause(ctx)) })
	a, err := o.openSource(ctx, cache, src, besides, signed)
	stop()
	if err != nil {
		src.release = func() {}
		return nil, errors.Join(err, src.Close())
	}
	return a, nil
}

// firstIndex is how many bytes of a sidecar are fetched to see its size.
const firstIndex = 64 << 10

// opened is the result of opening an object.
type opened struct {
	x   *object.Object
	err error
}

func (o *Options) object(ctx context.Context, rawURL string, first int64) opened {
	s, err := o.store(rawURL)
	if err != nil {
		return opened{err: err}
	}
	x, err := object.Open(ctx, s, &object.Options{
		First: first, Retries: o.Retries, RetryAfter: o.RetryAfter, HeaderTimeout: o.HeaderTimeout,
		StallTimeout: o.StallTimeout, Notice: o.Notice,
	})
	return opened{x, err}
}

// openSource opens the archive with its sidecar, or with the index that it has in itself.
func (o *Options) openSource(
	ctx context.Context, cache *blocks.Cache, src *archiveSource, side opened,
	signed *signature.Signed,
) (*tarpack.Archive, error) {
	name := src.object.Name()
	to := tarpack.OpenOptions{RequireSidecar: true, Workers: o.Workers, Notice: o.Notice,
		Progress: o.Progress, Signed: signed}
	beside := side.err
	if beside == nil {
		var a *tarpack.Archive
		if a, beside = o.openBeside(ctx, cache, src, side.x, &to); beside == nil {
			return a, nil
		}
	}
	if fatal(beside) {
		return nil, beside
	}
	attempt := src.Begin()
	to.CheckIndex = o.LoadIndex
	a, err := tarpack.OpenSource(ctx, name, src, nil, 0, &to)
	if err == nil {
		src.confirmEmbedded(attempt, a, o.LoadIndex)
		return a, nil
	}
	if errors.Is(err, format.ErrNoSidecar) && !isMissing(beside) { // what is beside it is why
		err = beside
	}
	if !errors.Is(err, format.ErrNoSidecar) && !errors.Is(err, format.ErrStale) ||
		!o.BuildIndex && src.Identity() == "" { // nothing is kept of what can't be identified
		return nil, err
	}
	return o.openBuilt(ctx, cache, src, err, &to)
}

// isMissing reports whether an object is not there. A server may only say that it is not allowed to
// be read, as S3 does.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// fatal reports whether an error of the sidecar ends Open, as the archive would have the same one,
// or as the index may be there in a moment.
func fatal(err error) bool {
	return (errors.Is(err, source.ErrUnavailable) || errors.Is(err, source.ErrChanged) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) &&
		!errors.Is(err, fs.ErrPermission)
}

// openBeside opens the archive with its sidecar.
func (o *Options) openBeside(
	ctx context.Context, cache *blocks.Cache, src *archiveSource, side *object.Object,
	to *tarpack.OpenOptions,
) (*tarpack.Archive, error) {
	g := cache.Open("index "+key(side), side.Size(), side.Get)
	x, err := openIndex(ctx, g, side.Name(), o.LoadIndex)
	if err != nil {
		return nil, err
	}
	a, err := tarpack.OpenSource(ctx, src.object.Name(), src, x.Index, x.Size(), to)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", side.Name(), err), x.Index.Close(), x.close())
	}
	src.index = x
	return a, nil
}
