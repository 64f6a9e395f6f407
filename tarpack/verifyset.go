package tarpack

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
)

// verifySet is Verify for a set, by the name of its list. It verifies each shard, and compares the
// list and the set's sidecar with them. A problem in a shard names the shard. A shard that is
// missing, or is not the one in the list, is a problem too. signed may be nil.
func verifySet(
	ctx context.Context, list string, o VerifyOptions, signed *signature.Signed,
) (res VerifyResult, err error) {
	name, ok := format.ParseListName(list)
	if !ok {
		return res, fmt.Errorf("%s: %w: it is no name of a set's list", list, format.ErrShard)
	}
	found := format.Problems{Each: o.Problem}
	report := func(err error) { found.Add(&format.Problem{Offset: -1, Err: err}) }
	l, err := shardset.ReadList(list, name.N)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if o.Notice != nil {
			o.Notice(fmt.Errorf("%w: the shards are checked alone", shardset.NoList(list, err)))
		}
	case errors.Is(err, format.ErrCorrupt):
		report(shardset.NoList(list, err))
	case err != nil:
		return res, err
	}
	if signed != nil {
		if err := checkSignedSet(ctx, name, l, signed, report); err != nil {
			return res, err
		}
	}
	set := newVerifiedSet(&o)
	defer func() { err = errors.Join(err, set.joiner.Close()) }()
	for i := range name.N {
		each := VerifyOptions{Workers: o.Workers, TempDir: o.TempDir, Notice: o.Notice}
		each.Problem = func(p *format.Problem) {
			found.Add(&format.Problem{Path: p.Path, Offset: p.Offset,
				Err: fmt.Errorf("%s: %w", name.Shard(i), p.Err)})
		}
		before := res
		if o.Progress != nil {
			each.Progress = func(p format.Progress) {
				o.Progress(format.Progress{Entries: before.Entries + p.Entries, Bytes: before.Bytes + p.Bytes})
			}
		}
		r, err := verifyFile(ctx, name.Shard(i), each, nil, set)
		if ctxErr := context.Cause(ctx); ctxErr != nil {
			return res, ctxErr
		}
		res.Entries, res.Bytes = res.Entries+r.Entries, res.Bytes+r.Bytes
		if l != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
			err = checkListed(l, i, name)
		}
		if err != nil {
			report(shardset.MissingShard(name.Shard(i), name.N, err))
		}
	}
	if found.Count == 0 {
		if err := checkSetIndex(name, l, set, o, report); err != nil {
			return res, err
		}
	} else if l == nil { // repair of the damage would not help if the shards contradict each other
		if err := set.joiner.Check(); errors.Is(err, format.ErrNotOneSet) {
			report(err)
		} else if err != nil {
			return res, err
		}
	}
	res.Problems, res.Failed = found.First, found.Count
	return res, nil
}

// A verifiedSet has what the verified shards of a set contain, so that no shard is read again.
type verifiedSet struct {
	joiner *shardset.Joiner
	shards []shardset.ShardInfo // that were added
	last   string               // the name of the last one
	// The hashes of the paths of directories. Shards repeat the directories above their entries.
	seed maphash.Seed
	dirs map[uint64]bool
}

func newVerifiedSet(o *VerifyOptions) *verifiedSet {
	so := scan.Options{Workers: o.Workers, TempDir: o.TempDir}
	return &verifiedSet{
		joiner: shardset.NewJoiner(so), seed: maphash.MakeSeed(), dirs: map[uint64]bool{},
	}
}

// repeats reports whether an item is a directory that an earlier shard has, too.
func (s *verifiedSet) repeats(it *build.Item) bool {
	if it.Type != sidecar.TypeDir {
		return false
	}
	hash := maphash.String(s.seed, it.Path)
	before := s.dirs[hash]
	s.dirs[hash] = true
	return before
}

// add adds a shard with the index that was built of it.
func (s *verifiedSet) add(ctx context.Context, x *indexed.File) error {
	s.last = x.Name
	s.shards = append(s.shards, shardset.ShardInfo{Size: x.Size, Digest: x.Trailer.Digest})
	return s.joiner.AddOpen(ctx, x.Name, x)
}

// addDamaged adds the shard that was verified last if add has not: what it should contain, if its
// sidecar has that.
func (s *verifiedSet) addDamaged(ctx context.Context, name string) error {
	if s.last == name {
		return nil
	}
	x, err := indexed.Open(ctx, name, &indexed.Options{RequireSidecar: true})
	if err != nil {
		return nil // it is a problem that was reported
	}
	if x.Index.Verify() != nil {
		return x.Close()
	}
	return errors.Join(s.add(ctx, x), x.Close())
}

// checkListed returns an error if shard i is not the one of the list. It wraps format.ErrTempNames
// if that one still has its temporary name.
func checkListed(l *shardset.List, i int, name format.SetName) error {
	f, err := shardset.OpenListed(l, i, name.Shard(i))
	if err == nil {
		return f.Close()
	}
	if f, pendingErr := shardset.OpenListed(l, i, name.Pending(i)); pendingErr == nil {
		return errors.Join(fmt.Errorf("%s: %w", name.Shard(i), format.ErrTempNames), f.Close())
	}
	return err
}

// checkSetIndex compares the list and the set's sidecar with what the shards give. Without a list,
// l is nil, and there may be no sidecar either.
func checkSetIndex(name format.SetName, l *shardset.List, verified *verifiedSet, o VerifyOptions,
	report func(error)) error {
	f, err := durable.ScratchFile(o.TempDir)
	if err != nil {
		return err
	}
	defer f.Close()
	digest, size, err := verified.joiner.Finish(f)
	if errors.Is(err, format.ErrShard) {
		report(err)
		return nil
	}
	if err != nil {
		return err
	}
	noList := l == nil
	if noList {
		made, err := sidecar.OpenReaderAt(f, size)
		if err != nil {
			return err
		}
		l = &shardset.List{Entries: uint64(made.Len()), Index: digest, Shards: verified.shards}
	}
	if digest != l.Index {
		report(fmt.Errorf("%s: %w: it names an index of digest %016x, that of its shards has %016x",
			name.List(), format.ErrStale, l.Index, digest))
		return nil
	}
	set := shardset.NewFile(name, l)
	defer set.Close()
	x, side, err := set.AsArchive().OpenSidecar()
	var unreadable *fs.PathError
	switch {
	case errors.Is(err, format.ErrNoSidecar) && !errors.As(err, &unreadable):
		if !noList && o.Notice != nil {
			o.Notice(fmt.Errorf("%w: the shards are checked without it", err))
		}
		return nil
	case errors.Is(err, format.ErrNoSidecar), errors.Is(err, format.ErrStale):
		report(err)
		return nil
	case err != nil:
		return err
	}
	defer x.Close()
	if err := x.Verify(); errors.Is(err, sidecar.ErrCorrupt) {
		report(fmt.Errorf("%s: %w", side, err))
		return nil
	} else if err != nil {
		return err
	}
	// Anyone can make another index of that digest.
	at, err := firstDifference(io.NewSectionReader(x, 0, x.Size()), io.NewSectionReader(f, 0, size))
	if err == nil && at >= 0 {
		report(fmt.Errorf("%s: %w: byte %d is not what the shards give", side, format.ErrStale, at))
	}
	return err
}
