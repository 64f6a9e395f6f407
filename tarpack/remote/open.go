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

// Open opens an archive or a shard set on a server by its URL. If it is replaced meanwhile, Open
// starts again, once.
//
// A set is opened by the URL of its list, or by that of its first shard if the list is beside it.
// In S3 the name that it was packed under will do if there is no object of that name and the bucket
// may be listed. The URL of any other shard stands for that archive alone.
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

// open is one attempt of Open. When the Archive is closed it calls release, and maybe before.
func (o *Options) open(
	ctx context.Context, rawURL string, release func(),
) (*tarpack.Archive, error) {
	u, list, isSet := o.findSet(ctx, rawURL)
	if isSet {
		return o.openSet(ctx, u, list, release)
	}
	a, err := o.openArchive(ctx, rawURL, release)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		u, isSet, setErr := o.packedAs(ctx, rawURL)
		if setErr != nil {
			return nil, setErr
		}
		if isSet {
			return o.openSet(ctx, u, opened{}, release)
		}
	case err == nil && a.Trailer().IsShard():
		if err := o.checkAlone(ctx, rawURL); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, err
}

// openArchive opens an archive that is one object.
func (o *Options) openArchive(
	ctx context.Context, rawURL string, release func(),
) (*tarpack.Archive, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	besides := o.askBeside(ctx, rawURL, cmp.Or(o.Sidecar, beside(rawURL, format.SidecarSuffix)))
	archive := o.object(ctx, rawURL, 0)
	if archive.err != nil {
		cancel()
	}
	side, signed, err := besides()
	if archive.err != nil {
		return nil, archive.err
	}
	if err != nil {
		return nil, err
	}
	cache := o.cache()
	src := newSource(cache, archive.x, release)
	return o.finish(ctx, src, func() (*tarpack.Archive, error) {
		return o.openSource(ctx, cache, src, side, signed)
	})
}

// askBeside opens a sidecar, and reads what is signed of the archive or the list of a set. The
// function that it returns waits for both. The error is that of what is signed.
func (o *Options) askBeside(
	ctx context.Context, rawURL, sidecarURL string,
) func() (side opened, signed *signature.Signed, err error) {
	sides := make(chan opened, 1)
	go func() { sides <- o.object(ctx, sidecarURL, firstIndex) }()
	var signed *signature.Signed
	trusted := make(chan error, 1)
	go func() {
		var err error
		signed, err = o.signed(ctx, rawURL)
		trusted <- err
	}()
	return func() (opened, *signature.Signed, error) {
		side, err := <-sides, <-trusted
		return side, signed, err
	}
}

// cache returns the cache for one archive.
func (o *Options) cache() *blocks.Cache {
	if o.Blocks != nil {
		return o.Blocks
	}
	return blocks.New(blocks.Options{})
}

// indexedSource is a source that has its sidecar from a server, too.
type indexedSource interface {
	source.Source
	Cancel(cause error)
	keep(x *index)
	sidecar() *index // nil if it has none
	stopAhead(l longMembers)
}

// finish calls open, which opens an archive with its source. If that fails, or the context ends
// meanwhile, it closes the source.
func (o *Options) finish(
	ctx context.Context, src indexedSource, open func() (*tarpack.Archive, error),
) (*tarpack.Archive, error) {
	stop := context.AfterFunc(ctx, func() { src.Cancel(context.Cause(ctx)) })
	defer stop()
	a, err := open()
	if err != nil {
		return nil, errors.Join(err, src.Close())
	}
	if err := o.keepTable(a, src); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	src.stopAhead(longMembersOf(a.Index()))
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
	to := o.toOpen(signed)
	a, beside := o.openBeside(ctx, cache, name, src, side, &to)
	if beside == nil {
		return a, nil
	}
	if fatal(beside) {
		return nil, beside
	}
	attempt := src.Generation.Begin()
	to.CheckIndex = o.LoadIndex
	a, err := tarpack.OpenSource(ctx, name, src, nil, 0, &to)
	if err == nil {
		src.confirmEmbedded(attempt, a, o.LoadIndex)
		return a, nil
	}
	if errors.Is(err, format.ErrNoSidecar) && !IsMissing(beside) { // what is beside it is why
		err = beside
	}
	if !errors.Is(err, format.ErrNoSidecar) && !errors.Is(err, format.ErrStale) ||
		!o.BuildIndex && src.Identity() == "" { // nothing is kept of what can't be identified
		return nil, err
	}
	return o.openBuilt(ctx, cache, src, err, &to)
}

// IsMissing reports whether an error of asking for an object means that it is not there. A server
// may only say that it may not be read, as S3 does.
func IsMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

// fatal reports whether an error of the sidecar ends Open, as the archive would have the same one,
// or as the index may be there in a moment.
func fatal(err error) bool {
	return (errors.Is(err, source.ErrUnavailable) || errors.Is(err, source.ErrChanged) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) &&
		!errors.Is(err, fs.ErrPermission)
}

// toOpen returns the options to open an archive, of which the index must be there.
func (o *Options) toOpen(signed *signature.Signed) tarpack.OpenOptions {
	return tarpack.OpenOptions{RequireSidecar: true, Workers: o.Workers, Notice: o.Notice,
		Progress: o.Progress, Signed: signed, LoadIndex: o.LoadIndex}
}

// openBeside opens an archive or a set with its sidecar.
func (o *Options) openBeside(
	ctx context.Context, cache *blocks.Cache, name string, src indexedSource, side opened,
	to *tarpack.OpenOptions,
) (*tarpack.Archive, error) {
	if side.err != nil {
		return nil, side.err
	}
	g := cache.Open("index "+key(side.x), side.x.Size(), side.x.Get)
	x, err := openIndex(ctx, g, side.x.Name(), o.LoadIndex)
	if err != nil {
		return nil, err
	}
	a, err := tarpack.OpenSource(ctx, name, src, x.Index, x.Size(), to)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", side.x.Name(), err), x.Index.Close(), x.close())
	}
	src.keep(x)
	return a, nil
}
