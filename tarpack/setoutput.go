package tarpack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A setOutput is a shard set while it is written. Shards are made one after the other under temporary names, and how many there will be need
// not be known. What commits the set is one rename, that of its list: before it nothing of the new set is seen; after it all of it is,
// since a reader takes a shard by its temporary name where the list says that this is the right one. The next writer of a set of
// this name finishes the renames, or removes what was never committed.
type setOutput struct {
	set    setName // its n is set by commit
	temp   *os.File
	lock   *os.File
	shards []shardInfo // those that are finished
	at     *output     // the files of the one that is being written; nil: none
	like   *os.File    // whose permissions all files get; nil: those of new files
}

// createSet takes the lock for writing sets of the archive name, and clears away what a killed writer has left.
func createSet(name string) (*setOutput, error) {
	stem, ext := cutArchiveSuffix(name)
	if stem == "" || filepath.Base(stem) == "." || strings.HasSuffix(name, "/") {
		return nil, fmt.Errorf("%s: %w: it is no name for an archive", name, os.ErrInvalid)
	} else if fi, err := os.Stat(name); err == nil && !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	o := &setOutput{set: setName{stem: stem, ext: ext}}
	var err error
	if o.temp, o.lock, err = lockedTemp(stem + "-of-set" + ext); err != nil {
		return nil, err
	}
	if err := o.recover(); err != nil {
		return nil, errors.Join(err, o.unlock())
	}
	return o, nil
}

func (o *setOutput) unlock() error {
	return errors.Join(os.Remove(o.temp.Name()), o.temp.Close(), o.lock.Close())
}

// owns tells whether a file in the set's directory is of a set of this name, whatever its number of shards.
func (o *setOutput) owns(base string) bool {
	dir := filepath.Dir(o.set.stem)
	name := filepath.Join(dir, base)
	name = strings.TrimSuffix(name, SidecarSuffix)
	of := func(s setName) bool {
		return filepath.Clean(s.stem) == filepath.Clean(o.set.stem) && s.ext == o.set.ext
	}
	if s, _, ok := parseShardName(name); ok {
		return of(s)
	}
	if s, ok := parseListName(name); ok {
		return of(s)
	}
	return o.isPending(base)
}

// isPending: the name is that of a shard or a sidecar that is not in its place yet, or of a list.
func (o *setOutput) isPending(base string) bool {
	base, ok := strings.CutSuffix(base, tempSuffix)
	if !ok {
		return false
	}
	base = strings.TrimSuffix(base, SidecarSuffix)
	base, ok = strings.CutPrefix(base, "."+filepath.Base(o.set.stem)+"-")
	if !ok {
		return false
	}
	if number, ok := strings.CutSuffix(base, "-of-set"+o.set.ext); ok {
		_, ok = fiveDigits(number)
		return ok
	}
	number, ok := strings.CutSuffix(base, o.set.ext+ListSuffix)
	if number, is := strings.CutPrefix(number, "of-"); ok && is {
		_, ok = fiveDigits(number)
		return ok
	}
	return false
}

// recover puts the shards of committed sets in their places, and removes all other temporary files.
func (o *setOutput) recover() error {
	dir := filepath.Dir(o.set.stem)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var pending []string
	var lists []setName
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if o.isPending(e.Name()) {
			pending = append(pending, name)
		} else if s, ok := parseListName(name); ok && o.owns(e.Name()) {
			lists = append(lists, s)
		}
	}
	if len(pending) == 0 {
		return nil
	}
	for _, s := range lists {
		l, err := readList(s.list(), s.n)
		if err != nil {
			continue // nothing was committed by it
		}
		if err := settle(s, l); err != nil {
			return err
		}
	}
	for _, name := range pending {
		base := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(name), tempSuffix), ".")
		if s, ok := parseListName(filepath.Join(dir, base)); ok { // its writer was killed while it committed
			if err := removeOrphan(s); err != nil {
				return err
			}
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncDir(dir)
}

// removeOrphan removes the sidecar of a set that has no list: it is put in its place before the list, which did not follow.
func removeOrphan(s setName) error {
	if _, err := os.Lstat(s.list()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Remove(s.list() + SidecarSuffix); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// settle puts the shards of a committed set in their places, those that are not there yet.
func settle(s setName, l *setList) error {
	for i := range s.n {
		f, err := openListed(l, i, s.pending(i))
		if err != nil {
			continue
		}
		f.Close()
		if err := placeShard(s, i); err != nil {
			return err
		}
	}
	return syncDir(filepath.Dir(s.stem))
}

// placeShard puts a shard and its sidecar in their places, the sidecar first: as long as the shard has its temporary name it is tried again.
func placeShard(s setName, i int) error {
	if err := os.Rename(s.pendingIndex(i), s.shard(i)+SidecarSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(s.pending(i), s.shard(i))
}

// next begins a shard.
func (o *setOutput) next() (*output, error) {
	i := len(o.shards)
	if i >= MaxShards {
		return nil, fmt.Errorf("%s%s: %w: it makes more than %d shards", o.set.stem, o.set.ext, ErrTooMany, MaxShards)
	}
	out := &output{name: o.set.pending(i)}
	for _, f := range []struct {
		to   **os.File
		name string
	}{{&out.archive, o.set.pending(i)}, {&out.sidecar, o.set.pendingIndex(i)}} {
		var err error
		if *f.to, err = openTemp(f.name); err != nil {
			return nil, err
		}
		o.at = out
		if err := o.prepare(*f.to); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// prepare empties a file of the set, which a killed writer may have left, and gives it its permissions.
func (o *setOutput) prepare(f *os.File) error {
	if err := f.Truncate(0); err != nil || o.like == nil {
		return err
	}
	return (&output{archive: f, sidecar: f}).inherit(o.like)
}

// ErrTooMany means that a size for shards makes more of them than a set may have.
var ErrTooMany = errors.New("the shards are too small")

// finish makes the shard at hand durable.
func (o *setOutput) finish(size int64, digest uint64) error {
	for _, f := range []*os.File{o.at.archive, o.at.sidecar} {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	archive, sidecar := o.at.archive, o.at.sidecar
	if err := errors.Join(archive.Close(), sidecar.Close()); err != nil {
		return err
	}
	o.at = nil
	o.shards = append(o.shards, shardInfo{size, digest})
	return nil
}

// abort removes all that was written.
func (o *setOutput) abort() error {
	if o.at != nil {
		for _, f := range []*os.File{o.at.archive, o.at.sidecar} {
			if f != nil {
				f.Close() // it is removed
			}
		}
	}
	var errs []error
	for i := range len(o.shards) + 1 {
		for _, name := range []string{o.set.pending(i), o.set.pendingIndex(i)} {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(append(errs, o.unlock())...)
}
