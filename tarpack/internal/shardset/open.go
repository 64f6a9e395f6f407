package shardset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// An OpenSet is an open set with its index. The embedded File has the trailer and the size that an
// archive of all shards would have, and no OSFile.
type OpenSet struct {
	*indexed.File
	Shards *File
}

// Open opens a set. With a usable list and sidecar it only checks the size of each shard; a shard
// is opened and compared with the list when something in it is read. Otherwise it joins the
// sidecars of all shards in memory. A notice of that is sent afterwards: if it fails, as the shards
// contradict each other, the error is all that there is to say.
func Open(ctx context.Context, name format.SetName, o *indexed.Options) (*OpenSet, error) {
	var held []error
	with := *o
	with.Notice = func(err error) { held = append(held, err) }
	s, err := open(ctx, name, &with)
	if err == nil && o.Notice != nil {
		for _, notice := range held {
			o.Notice(notice)
		}
	}
	return s, err
}

// open is Open with notices as they come.
func open(ctx context.Context, name format.SetName, o *indexed.Options) (*OpenSet, error) {
	list := name.List()
	l, noList := ReadList(list, name.N)
	known := noList == nil
	if !known {
		unknown := errors.Is(noList, fs.ErrNotExist) || errors.Is(noList, format.ErrCorrupt)
		noList = NoList(list, noList)
		if !unknown || o.RequireSidecar {
			return nil, noList
		}
		whole, listErr := ListFromShards(name)
		if listErr != nil {
			return nil, listErr
		}
		l = whole
	}
	s := &OpenSet{Shards: NewFile(name, l)}
	if err := s.Shards.CheckShards(); err != nil {
		return nil, err
	}
	s.File = &indexed.File{File: s.Shards.AsArchive()}
	var err error
	if known {
		err = s.OpenIndex(ctx, o, false, s.BuildIndex)
	} else if err = o.BeforeRebuild(list, s.Size); err == nil {
		o.Notice(fmt.Errorf("%w: %w", noList, format.ErrIndexRebuilt))
		s.Rebuilt = true
		so := scan.Options{Workers: o.Workers, Progress: o.Progress}
		s.Index, err = indexed.InMemory(ctx, list, so, s.BuildIndex)
	}
	if err != nil {
		return nil, errors.Join(err, s.Shards.Close())
	}
	return s, nil
}

// OpenPart opens the shards of a set that the list has, those with a size, without the set's list
// and sidecar. They are read as in Open. Its index is in a scratch file of the archive temp. The
// error wraps format.ErrShard if the shards do not belong together.
func OpenPart(ctx context.Context, name format.SetName, l *List, temp string, o scan.Options,
) (*OpenSet, error) {
	m := NewJoiner(o)
	defer m.Close() // the index has been read
	for i, info := range l.Shards {
		if info.Size == 0 {
			continue
		}
		file := name.Shard(i)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			file = name.Pending(i)
		}
		io := &indexed.Options{Workers: o.Workers}
		a, err := indexed.Open(ctx, file, io)
		if err != nil {
			return nil, MissingShard(file, name.N, err)
		}
		if err := a.MakeSound(ctx, io, a.BuildIndex); err != nil {
			return nil, errors.Join(err, a.Close())
		}
		if err := m.Add(ctx, file, a); err != nil {
			return nil, err
		}
	}
	x, err := indexed.InFile(temp, func(f *os.File) error {
		_, _, err := m.Finish(f)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &OpenSet{Shards: NewFile(name, l)}
	s.File = &indexed.File{File: s.Shards.AsArchive(), Index: x, Rebuilt: true}
	return s, nil
}

// BuildIndex is the indexed.IndexBuilder of the set.
func (s *OpenSet) BuildIndex(ctx context.Context, dst build.File, o scan.Options) error {
	return s.Shards.BuildIndex(ctx, dst, o)
}

// Close closes the index and the shards.
func (s *OpenSet) Close() error { return errors.Join(s.File.Close(), s.Shards.Close()) }
