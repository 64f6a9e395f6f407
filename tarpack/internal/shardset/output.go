package shardset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A setOutput is a shard set while it is written. Shards are made one after the other under temporary names, and how many there will be need
// not be known. What commits the set is one rename, that of its list: before it nothing of the new set is seen; after it all of it is,
// since a reader takes a shard by its temporary name where the list says that this is the right one. The next writer of a set of
// this name finishes the renames, or removes what was never committed.
type Output struct {
	Set    format.SetName // its n is set by commit
	Temp   *os.File
	lock   *os.File
	Shards []ShardInfo     // those that are finished
	At     *durable.Output // the files of the one that is being written; nil: none
	Like   *os.File        // whose permissions all files get; nil: those of new files
}

// createSet takes the lock for writing sets of the archive name, and clears away what a killed writer has left.
func Create(name string) (*Output, error) {
	stem, ext := format.CutArchiveSuffix(name)
	if stem == "" || filepath.Base(stem) == "." || strings.HasSuffix(name, "/") {
		return nil, fmt.Errorf("%s: %w: it is no name for an archive", name, os.ErrInvalid)
	} else if fi, err := os.Stat(name); err == nil && !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	o := &Output{Set: format.SetName{Stem: stem, Ext: ext}}
	var err error
	if o.Temp, o.lock, err = durable.LockedTemp(stem + "-of-set" + ext); err != nil {
		return nil, err
	}
	if err := o.recover(); err != nil {
		return nil, errors.Join(err, o.Unlock())
	}
	return o, nil
}

func (o *Output) Unlock() error {
	return errors.Join(os.Remove(o.Temp.Name()), o.Temp.Close(), o.lock.Close())
}

// owns tells whether a file in the set's directory is of a set of this name, whatever its number of shards.
func (o *Output) Owns(base string) bool {
	dir := filepath.Dir(o.Set.Stem)
	name := filepath.Join(dir, base)
	name = strings.TrimSuffix(name, format.SidecarSuffix)
	of := func(s format.SetName) bool {
		return filepath.Clean(s.Stem) == filepath.Clean(o.Set.Stem) && s.Ext == o.Set.Ext
	}
	if s, _, ok := format.ParseShardName(name); ok {
		return of(s)
	}
	if s, ok := format.ParseListName(name); ok {
		return of(s)
	}
	return o.isPending(base)
}

// isPending: the name is that of a shard or a sidecar that is not in its place yet, or of a list.
func (o *Output) isPending(base string) bool {
	base, ok := strings.CutSuffix(base, format.TempSuffix)
	if !ok {
		return false
	}
	base = strings.TrimSuffix(base, format.SidecarSuffix)
	base, ok = strings.CutPrefix(base, "."+filepath.Base(o.Set.Stem)+"-")
	if !ok {
		return false
	}
	if number, ok := strings.CutSuffix(base, "-of-set"+o.Set.Ext); ok {
		_, ok = format.FiveDigits(number)
		return ok
	}
	number, ok := strings.CutSuffix(base, o.Set.Ext+format.ListSuffix)
	if number, is := strings.CutPrefix(number, "of-"); ok && is {
		_, ok = format.FiveDigits(number)
		return ok
	}
	return false
}

// recover puts the shards of committed sets in their places, and removes all other temporary files.
func (o *Output) recover() error {
	dir := filepath.Dir(o.Set.Stem)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var pending []string
	var lists []format.SetName
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if o.isPending(e.Name()) {
			pending = append(pending, name)
		} else if s, ok := format.ParseListName(name); ok && o.Owns(e.Name()) {
			lists = append(lists, s)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	for _, s := range lists {
		l, err := ReadList(s.List(), s.N)
		if err != nil {
			continue // nothing was committed by it
		}
		if err := settle(s, l); err != nil {
			return err
		}
	}
	for _, name := range pending {
		base := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(name), format.TempSuffix), ".")
		if s, ok := format.ParseListName(filepath.Join(dir, base)); ok { // its writer was killed while it committed
			if err := removeOrphan(s); err != nil {
				return err
			}
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return durable.SyncDir(dir)
}

// removeOrphan removes the sidecar of a set that has no list: it is put in its place before the list, which did not follow.
func removeOrphan(s format.SetName) error {
	if _, err := os.Lstat(s.List()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Remove(s.List() + format.SidecarSuffix); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// settle puts the shards of a committed set in their places, those that are not there yet.
func settle(s format.SetName, l *List) error {
	for i := range s.N {
		f, err := OpenListed(l, i, s.Pending(i))
		if err != nil {
			continue
		}
		f.Close()
		if err := placeShard(s, i); err != nil {
			return err
		}
	}
	return durable.SyncDir(filepath.Dir(s.Stem))
}

// placeShard puts a shard and its sidecar in their places, the sidecar first: as long as the shard has its temporary name it is tried again.
func placeShard(s format.SetName, i int) error {
	if err := os.Rename(s.PendingIndex(i), s.Shard(i)+format.SidecarSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(s.Pending(i), s.Shard(i))
}

// next begins a shard.
func (o *Output) Next() (*durable.Output, error) {
	i := len(o.Shards)
	if i >= format.MaxShards {
		return nil, fmt.Errorf("%s%s: %w: it makes more than %d shards", o.Set.Stem, o.Set.Ext, format.ErrTooMany, format.MaxShards)
	}
	out := &durable.Output{Name: o.Set.Pending(i)}
	for _, f := range []struct {
		to   **os.File
		name string
	}{{&out.Archive, o.Set.Pending(i)}, {&out.Sidecar, o.Set.PendingIndex(i)}} {
		var err error
		if *f.to, err = durable.OpenTemp(f.name); err != nil {
			return nil, err
		}
		o.At = out
		if err := o.Prepare(*f.to); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// prepare empties a file of the set, which a killed writer may have left, and gives it its permissions.
func (o *Output) Prepare(f *os.File) error {
	if err := f.Truncate(0); err != nil || o.Like == nil {
		return err
	}
	return (&durable.Output{Archive: f, Sidecar: f}).Inherit(o.Like)
}

// finish makes the shard at hand durable.
func (o *Output) Finish(size int64, digest uint64) error {
	for _, f := range []*os.File{o.At.Archive, o.At.Sidecar} {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	archive, sidecar := o.At.Archive, o.At.Sidecar
	if err := errors.Join(archive.Close(), sidecar.Close()); err != nil {
		return err
	}
	o.At = nil
	o.Shards = append(o.Shards, ShardInfo{size, digest})
	return nil
}

// abort removes all that was written.
func (o *Output) Abort() error {
	if o.At != nil {
		for _, f := range []*os.File{o.At.Archive, o.At.Sidecar} {
			if f != nil {
				f.Close() // it is removed
			}
		}
	}
	var errs []error
	for i := range len(o.Shards) + 1 {
		for _, name := range []string{o.Set.Pending(i), o.Set.PendingIndex(i)} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(append(errs, o.Unlock())...)
}
