package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
)

// VerifySet is Verify for each shard of the set whose list has the name list, and checks the list and the set's sidecar against them. What is wrong in a
// shard names the shard. A shard that is missing, or not the one of the list, is a problem like others.
func VerifySet(ctx context.Context, list string, o VerifyOptions) (res VerifyResult, err error) {
	name, ok := parseListName(list)
	if !ok {
		return res, fmt.Errorf("%s: %w: it is no name of a set's list", list, ErrShard)
	}
	found := problems{each: o.Problem}
	report := func(err error) { found.add(&Problem{Offset: -1, Err: err}) }
	l, err := readList(list, name.n)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if o.Notice != nil {
			o.Notice(fmt.Errorf("%w: the shards are checked alone", noList(list, err)))
		}
	case errors.Is(err, ErrCorrupt):
		report(noList(list, err))
	case err != nil:
		return res, err
	}
	for i := range name.n {
		each := VerifyOptions{Workers: o.Workers, TempDir: o.TempDir, Notice: o.Notice}
		each.Problem = func(p *Problem) {
			found.add(&Problem{Path: p.Path, Offset: p.Offset, Err: fmt.Errorf("%s: %w", name.shard(i), p.Err)})
		}
		before := res
		if o.Progress != nil {
			each.Progress = func(p Progress) {
				o.Progress(Progress{Entries: before.Entries + p.Entries, Bytes: before.Bytes + p.Bytes})
			}
		}
		r, err := Verify(ctx, name.shard(i), each)
		if ctxErr := context.Cause(ctx); ctxErr != nil {
			return res, ctxErr
		}
		res.Entries, res.Bytes = res.Entries+r.Entries, res.Bytes+r.Bytes
		if err != nil {
			report(missingShard(name.shard(i), name.n, err))
		} else if l != nil {
			if f, err := l.openShard(i, name.shard(i)); err != nil {
				report(err)
			} else {
				closeQuietly(f)
			}
		}
	}
	if found.count == 0 && l != nil {
		if err := checkSetIndex(ctx, name, l, o, report); err != nil {
			return res, err
		}
	}
	res.Problems, res.Failed = found.first, found.count
	return res, nil
}

// checkSetIndex compares the list and the set's sidecar with what the shards give.
func checkSetIndex(ctx context.Context, name setName, l *setList, o VerifyOptions, report func(error)) error {
	f, err := scratchFile(o.TempDir)
	if err != nil {
		return err
	}
	defer closeQuietly(f)
	a := &Archive{name: name.list(), set: newSetFile(name, l)}
	defer closeQuietly(a.set)
	a.size = a.set.size()
	digest, _, err := a.indexSet(ctx, f, IndexOptions{Workers: o.Workers, TempDir: o.TempDir})
	if errors.Is(err, ErrShard) {
		report(err)
		return nil
	}
	if err != nil {
		return err
	}
	if digest != l.index {
		report(fmt.Errorf("%s: %w: it names an index of digest %016x, that of its shards has %016x", a.name, ErrStale, l.index, digest))
		return nil
	}
	a.trailer = Trailer{Entries: l.entries, Offset: a.size, Digest: l.index}
	x, side, err := a.openSidecar()
	if errors.Is(err, ErrNoSidecar) || errors.Is(err, ErrStale) {
		report(err)
		return nil
	}
	if err != nil {
		return err
	}
	defer x.Close()
	if err := x.Verify(); errors.Is(err, sidecar.ErrCorrupt) {
		report(fmt.Errorf("%s: %w", side, err))
	} else if err != nil {
		return err
	}
	return nil
}
