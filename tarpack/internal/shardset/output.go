package shardset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Output is a shard set while it is written. The shards are written one after the other under
// temporary names. Their number need not be known before.
//
// The rename of the list commits the set. Before it nothing of the new set is visible. After it
// everything is, as a reader also accepts the temporary names of the set's sidecar and of a shard
// if the digest is in the list.
//
// The next writer of a set with this name finishes the renames, or removes what was not committed.
type Output struct {
	Set    format.SetName // N is set by Commit
	Temp   *os.File       // the temporary file that is locked
	lock   *os.File
	Shards []ShardInfo     // the finished ones; in an edit all, written or not
	kept   []bool          // in an edit: the shards that keep their files; nil: none does
	next   int             // the shard that is being written
	At     *durable.Output // the files of the shard that is being written; nil: none
	Like   *os.File        // all files get its permissions; nil: those of new files
}

// Create locks the archive name for writing sets, and cleans up after a writer that was killed.
//
// The error wraps format.ErrLocked if another process writes a set of this name. It wraps
// format.ErrNotRegular if something other than a file has the name, os.ErrInvalid if it can't be an
// archive's, format.ErrFileName if the system does not allow it, and format.ErrLongSetName if it is
// too long.
func Create(name string) (*Output, error) {
	stem, ext := format.CutArchiveSuffix(name)
	if base := filepath.Base(name); base == ext || base == "." || strings.HasSuffix(name, "/") {
		return nil, fmt.Errorf("%s: %w: it is no name for an archive", name, os.ErrInvalid)
	} else if fi, err := os.Stat(name); err == nil && !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, format.ErrNotRegular)
	}
	if err := format.CheckFile(name); err != nil {
		return nil, err
	}
	o := &Output{Set: format.SetName{Stem: stem, Ext: ext}}
	if durable.CheckName(o.Set.Shard(0)+format.SidecarSuffix) != nil { // the longest one
		return nil, fmt.Errorf("%s: %w", name, format.ErrLongSetName)
	}
	var err error
	if o.Temp, o.lock, err = durable.LockedTemp(o.Set.Working()); err != nil {
		return nil, err
	}
	if err := o.recover(); err != nil {
		return nil, errors.Join(err, o.Unlock())
	}
	return o, nil
}

// Unlock releases the lock, and removes its file.
func (o *Output) Unlock() error {
	return errors.Join(os.Remove(o.Temp.Name()), o.Temp.Close(), o.lock.Close())
}

// recover gives the files of committed sets their names, and removes all other temporary files.
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
		if isPending(o.Set, e.Name()) {
			pending = append(pending, name)
		} else if s, ok := format.ParseListName(name); ok && Owns(o.Set, e.Name()) {
			lists = append(lists, s)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	for _, s := range lists {
		l, err := ReadList(s.List(), s.N)
		if err != nil {
			continue // it has committed nothing
		}
		if err := settle(s, l); err != nil {
			return err
		}
	}
	for _, name := range pending {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return durable.SyncDir(dir)
}

// settle gives the sidecar and the shards of a committed set their names, if they have not got them
// yet.
func settle(s format.SetName, l *List) error {
	side := s.List() + format.SidecarSuffix
	if x, err := NewFile(s, l).AsArchive().OpenSidecarAt(format.TempName(side)); err == nil {
		if err := errors.Join(x.Close(), osfile.Rename(format.TempName(side), side)); err != nil {
			return err
		}
	}
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

// placeShard gives a shard and its sidecar their names, the sidecar first: a shard with its
// temporary name is tried again.
func placeShard(s format.SetName, i int) error {
	err := osfile.Rename(s.PendingIndex(i), s.Shard(i)+format.SidecarSuffix)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return osfile.Rename(s.Pending(i), s.Shard(i))
}

// Next begins a shard. The error wraps format.ErrTooMany if the set has MaxShards.
func (o *Output) Next() (*durable.Output, error) {
	i := len(o.Shards)
	if i >= format.MaxShards {
		return nil, fmt.Errorf("%s%s: %w: it makes more than %d shards",
			o.Set.Stem, o.Set.Ext, format.ErrTooMany, format.MaxShards)
	}
	return o.begin(i)
}

// begin begins shard i.
func (o *Output) begin(i int) (*durable.Output, error) {
	o.next = i
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

// Prepare empties a file of the set, which a killed writer may have left, and sets its permissions.
func (o *Output) Prepare(f *os.File) error {
	if err := f.Truncate(0); err != nil || o.Like == nil {
		return err
	}
	return (&durable.Output{Archive: f, Sidecar: f}).Inherit(o.Like)
}

// Finish makes the current shard durable. It has size bytes, and its sidecar has this digest.
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
	if o.next == len(o.Shards) {
		o.Shards = append(o.Shards, ShardInfo{})
	}
	o.Shards[o.next] = ShardInfo{size, digest}
	return nil
}

// Abort removes everything that was written, and releases the lock.
func (o *Output) Abort() error {
	if o.At != nil {
		for _, f := range []*os.File{o.At.Archive, o.At.Sidecar} {
			if f != nil {
				f.Close() // an error loses nothing: the file is removed
			}
		}
	}
	var errs []error
	for i := range len(o.Shards) + 1 {
		if o.isKept(i) {
			continue
		}
		for _, name := range []string{o.Set.Pending(i), o.Set.PendingIndex(i)} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(append(errs, o.Unlock())...)
}
