package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// ErrNoSetIndex is the format.ErrNoSidecar of a shard set.
var ErrNoSetIndex = fmt.Errorf("%w of all its shards", format.ErrNoSidecar)

// openSet opens a shard set. It asks for its list, unless that is open, and its sidecar.
func (o *Options) openSet(
	ctx context.Context, u setURL, list opened, release func(),
) (*tarpack.Archive, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	besides := o.askBeside(ctx, u.list(), beside(u.list(), format.SidecarSuffix))
	if list.x == nil && list.err == nil {
		list = o.object(ctx, u.list(), firstIndex)
	}
	if list.err != nil {
		cancel()
	}
	side, signed, err := besides()
	if list.err != nil {
		return nil, list.err
	}
	if err != nil {
		return nil, err
	}
	layout, err := readList(ctx, list.x)
	if err != nil {
		return nil, err
	}
	cache := o.cache()
	src := o.newSetSource(cache, u, list.x, layout, release)
	return o.finish(ctx, src, func() (*tarpack.Archive, error) {
		to := o.toOpen(signed)
		a, err := o.openBeside(ctx, cache, list.x.Name(), src, side, &to)
		if err == nil || fatal(err) {
			return a, err
		}
		if IsMissing(err) {
			err = fmt.Errorf("%s: %w: there is no %s", list.x.Name(), ErrNoSetIndex,
				path.Base(list.x.Name())+format.SidecarSuffix)
		}
		if !o.BuildIndex || !errors.Is(err, format.ErrNoSidecar) && !errors.Is(err, format.ErrStale) {
			return nil, err
		}
		to.RequireSidecar = false
		return tarpack.OpenSource(ctx, list.x.Name(), src, nil, 0, &to)
	})
}

// readList reads the list of a set.
func readList(ctx context.Context, x *object.Object) (*shardset.Layout, error) {
	names, ok := format.ParseListName(x.Name())
	if !ok {
		return nil, fmt.Errorf("%s: %w: it is no name of a set's list", x.Name(), format.ErrShard)
	}
	if x.Size() > shardset.MaxList {
		return nil, fmt.Errorf("%s: %w: it is no list of a shard set", x.Name(), format.ErrStale)
	}
	b, err := readWhole(ctx, x)
	if err != nil {
		return nil, err
	}
	l, err := shardset.ParseList(b, names.N)
	if errors.Is(err, format.ErrCorrupt) {
		err = fmt.Errorf("%w: %w", format.ErrStale, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", x.Name(), err)
	}
	return shardset.NewLayout(names, l), nil
}

func (o *Options) newSetSource(
	cache *blocks.Cache, u setURL, list *object.Object, layout *shardset.Layout, release func(),
) *setSource {
	quiet := *o
	quiet.Notice = nil // the list and the sidecar have given it
	s := &setSource{Layout: layout, o: o, urls: u, list: list, release: release}
	s.shards = newShards(cache, func(ctx context.Context, i int) (*object.Object, error) {
		return quiet.openShard(ctx, u, layout, i)
	})
	return s
}

// openShard fixes the generation of a shard, which must be the one of the list.
func (o *Options) openShard(
	ctx context.Context, u setURL, layout *shardset.Layout, i int,
) (*object.Object, error) {
	name := layout.Name.Shard(i)
	f := o.object(ctx, u.shard(i), -format.EndSize)
	if errors.Is(f.err, fs.ErrNotExist) {
		return nil, shardset.MissingShard(name, layout.Name.N, f.err)
	}
	if f.err != nil {
		return nil, f.err
	}
	t, err := format.ReadTrailer(f.x, f.x.Size())
	switch {
	case errors.Is(err, format.ErrNotArchive), errors.Is(err, format.ErrTruncated),
		errors.Is(err, format.ErrCorrupt):
		return nil, shardset.Broken(name, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	is := shardset.ShardInfo{Size: f.x.Size(), Digest: t.Digest}
	return f.x, layout.List().Check(i, name, is)
}

// BuildIndex implements shardset.Source. It reads the indexes of all shards. Those without one are
// fetched whole.
func (s *setSource) BuildIndex(
	ctx context.Context, dst build.File, so scan.Options,
) (err error) {
	m := shardset.NewJoiner(so)
	defer func() { err = errors.Join(err, m.Close()) }()
	for i := range s.Name.N {
		if err := s.join(ctx, m, i); err != nil {
			return err
		}
	}
	_, _, err = m.Finish(dst)
	return err
}

// join adds the index of shard i.
func (s *setSource) join(ctx context.Context, m *shardset.Joiner, i int) (err error) {
	o := *s.o
	o.Trust, o.Sidecar, o.Progress, o.Blocks = nil, "", nil, s.cache // the joined index is checked
	name := s.Name.Shard(i)
	a, err := o.openArchive(ctx, s.urls.shard(i), func() {})
	if errors.Is(err, fs.ErrNotExist) {
		return shardset.MissingShard(name, s.Name.N, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	is := shardset.ShardInfo{Size: a.Size(), Digest: a.Trailer().Digest}
	if err := s.Layout.List().Check(i, name, is); err != nil {
		return err
	}
	return m.AddOpen(ctx, name, &indexed.File{
		File: &archivefile.File{Name: name, Size: a.Size(), Trailer: a.Trailer()}, Index: a.Index(),
	})
}
