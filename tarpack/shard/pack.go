package shard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// PackShards packs the directory dir into a shard set of the archive name out: OUT-00000-of-00016.tar.gz and so on, with a list and a sidecar for all of them.
// All of the set appears, or nothing. The shards follow each other in the order of Pack; each is an archive of its own, with all directories that its entries are in. A
// duplicate is linked to a copy in its own shard, and so are the names of one file: in another shard it is a file of its own.
//
// The errors are those of Pack, and ErrTooMany.
func Pack(ctx context.Context, dir, out string, o PackOptions) (res PackResult, err error) {
	so := packer.ShardOptions{Size: o.Size, Shards: o.Shards}
	if err := so.Check(out); err != nil {
		return res, err
	}
	set, err := shardset.Create(out)
	if err != nil {
		return res, err
	}
	committing := false
	defer func() {
		if !committing {
			err = errors.Join(err, set.Abort())
		}
	}()
	t, err := tree.Open(dir)
	if err != nil {
		return res, err
	}
	defer t.Close()
	p, err := packer.New(nil, o.packer())
	if err != nil {
		return res, err
	}
	here, err := os.Stat(parentDir(set.Set.Stem))
	if err != nil {
		return res, err
	}
	p.IsOutput = func(e *tree.Entry) bool {
		if !set.Owns(e.Name) && e.Name != filepath.Base(set.Temp.Name()) {
			return false
		}
		fi, err := e.Dir.Root.Stat(".")
		return err == nil && os.SameFile(fi, here)
	}
	p.Shards = &packer.Sharder{P: p, Set: set, O: so}
	if so.Shards > 0 {
		if p.Shards.Limit, err = p.Shards.Measure(ctx, t); err != nil {
			return res, err
		}
	}
	if _, err := p.Run(ctx, func(ctx context.Context) error { return p.Walk(ctx, t) }, nil); err != nil {
		return res, err
	}
	committing = true
	made, err := set.Commit(ctx, scan.Options{})
	if err != nil {
		return res, err
	}
	res = PackResult{Stats: made.Stats, ArchiveBytes: made.Bytes, SidecarBytes: made.Index}
	for _, s := range made.Shards {
		res.Shards = append(res.Shards, Shard(s))
	}
	if o.RemoveFiles {
		res.Removed, err = p.RemovePacked(ctx, t)
	}
	return res, err
}

// parentDir is the directory of a name, with a slash.
func parentDir(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i+1]
	}
	return "./"
}
