package cluster

import (
	"context"
	"os"
	"strings"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// imitate makes shard i of the first one: an index with its entries below another directory, and a
// sparse file with a trailer.
func (s *set) imitate(i int) error {
	x, err := sidecar.Open(s.shard(0) + format.SidecarSuffix)
	if err != nil {
		return err
	}
	defer x.Close()
	f, err := os.Open(s.shard(0))
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	t, err := format.ReadTrailer(f, fi.Size())
	if err != nil {
		return err
	}
	if t.Digest, t.Features, err = s.imitateIndex(x, i, fi.Size()); err != nil {
		return err
	}
	out, err := os.Create(s.shard(i))
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.WriteAt(t.Append(nil), t.Offset); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	a, err := tarpack.Open(context.Background(), s.shard(i),
		&tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		return err
	}
	return a.Close()
}

// imitateIndex returns what the trailer states of the index.
func (s *set) imitateIndex(
	x *sidecar.Index, i int, archiveSize int64,
) (digest uint64, features sidecar.Features, err error) {
	b := build.New(build.Options{TempDir: s.dir, Memory: 1 << 30})
	defer b.Close()
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return 0, features, err
		}
		path := part(i) + strings.TrimPrefix(string(row.Path), part(0))
		if err := b.Add(build.Item{Path: path, Entry: row.Entry}); err != nil {
			return 0, features, err
		}
	}
	f, err := os.OpenFile(s.shard(i)+format.SidecarSuffix, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, features, err
	}
	defer f.Close()
	if digest, _, err = b.Finish(f, archiveSize); err != nil {
		return 0, features, err
	}
	return digest, b.Features(), f.Close()
}
