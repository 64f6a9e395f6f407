package pack

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// Existing returns what is known of the archive out, and true, if Dir need not write it again: it
// is whole, has an index that belongs to it, and has exactly the ExactNames of o, below the Prefix,
// and the directories above them. Only the index and the end of the archive are read, so neither
// damage nor files that have changed since are found. An archive that lacks a file because of
// SkipUnreadable is not good. ok is false without ExactNames.
//
// An error is returned only if out is there and can't be read.
func Existing(ctx context.Context, out string, o Options) (res Result, ok bool, err error) {
	if o.ExactNames == nil {
		return res, false, nil
	}
	a, err := indexed.Open(ctx, out, &indexed.Options{RequireSidecar: true})
	switch {
	case errors.Is(err, fs.ErrPermission):
		return res, false, err
	case err != nil:
		return res, false, nil // it is missing or damaged, and is written again
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if a.Rest > 0 || a.Trailer.IsShard() != format.IsShardName(out) ||
		o.SHA256 && !a.Index.HasSHA256() {
		return res, false, nil
	}
	want, err := wanted(o)
	if err != nil {
		return res, false, err
	}
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return res, false, err
		}
		isNamed, known := want[string(row.Path)]
		if !known || !isNamed && row.Entry.Type != sidecar.TypeDir {
			return res, false, nil
		}
		delete(want, string(row.Path))
	}
	if len(want) > 0 {
		return res, false, nil
	}
	res = Result{Stats: a.Index.Stats(), ArchiveBytes: a.Size}
	if fi, err := os.Stat(out + format.SidecarSuffix); err == nil {
		res.SidecarBytes = fi.Size()
	}
	return res, true, nil
}

// wanted returns the paths that the archive must have, and whether each is one of ExactNames or
// only a directory above one.
func wanted(o Options) (map[string]bool, error) {
	want := map[string]bool{}
	add := func(p string, isNamed bool) {
		want[p] = isNamed
		for i := strings.LastIndexByte(p, '/'); i >= 0; i = strings.LastIndexByte(p[:i], '/') {
			if _, known := want[p[:i]]; known {
				return
			}
			want[p[:i]] = false
		}
	}
	if o.Prefix != "" {
		add(o.Prefix, false)
	}
	for _, given := range o.ExactNames {
		p, err := tree.CleanName(given)
		if err != nil {
			return nil, err
		}
		if p == "" {
			continue
		}
		if o.Prefix != "" {
			p = o.Prefix + "/" + p
		}
		add(p, true)
	}
	return want, nil
}
