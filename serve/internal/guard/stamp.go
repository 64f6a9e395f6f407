package guard

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// Stamp identifies the files behind an archive's name, so that a change is seen.
type Stamp struct {
	Archive os.FileInfo
	Index   os.FileInfo // beside the archive; nil if it is missing
	digest  uint64      // of an archive on a device, whose size and time never change, or see digestOf
}

// StampOf returns the Stamp of an archive's files. A new shard set has a new list and index, so the
// set is identified by these, or without a list by its shards.
func StampOf(name string) (s Stamp, err error) {
	list, isSet, err := tarpack.SetList(name)
	if err != nil {
		return s, err
	}
	if set, ok := format.ParseListName(list); isSet && ok {
		name = list
		if _, err := os.Stat(list); errors.Is(err, fs.ErrNotExist) {
			name, s.digest = set.Shard(0), digestOf(set)
		}
	}
	if s.Archive, err = osfile.Stat(name); err != nil {
		return s, err
	}
	if s.Archive.Mode()&fs.ModeDevice != 0 {
		t, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
		if err == nil {
			s.digest = t.Trailer().Digest
			err = t.Close()
		}
		if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) {
			err = nil
		}
		return s, err
	}
	s.Index, _ = osfile.Stat(sidecarName(name))
	return s, nil
}

// digestOf returns a digest of the Stamps of a set's shards. It is never 0.
func digestOf(set format.SetName) uint64 {
	h := fnv.New64a()
	for i := range set.N {
		if fi, err := os.Stat(set.Shard(i)); err == nil {
			fmt.Fprintln(h, i, changetime.StampOf(fi)) // never fails
		}
	}
	return h.Sum64() | 1
}

// Same reports whether two Stamps are of the same files, with the same content.
func (s Stamp) Same(o Stamp) bool {
	return SameFile(s.Archive, o.Archive) && SameFile(s.Index, o.Index) && s.digest == o.digest
}

// SameFile reports whether two descriptions are of the same file, with the same size and
// modification time. Either may be nil.
func SameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// IndexChanged reports whether the index of the archive name was changed, or put in place of
// another one, since it had the Stamp.
func (s Stamp) IndexChanged(name string) (bool, error) {
	now, err := StampOf(name)
	return err == nil && s.Index != nil && now.Index != nil &&
		changetime.StampOf(now.Index) != changetime.StampOf(s.Index), err
}

// Newer reports whether an archive has changed since its index was made. Then a copy of it may have
// stopped halfway. The shards of a set get their names after its index, so for a set only changes
// of their content count.
func (s Stamp) Newer(name string) bool {
	if s.Index == nil || !s.Archive.Mode().IsRegular() {
		return false
	}
	index := changetime.Of(s.Index)
	list, isSet, err := tarpack.SetList(name)
	set, ok := format.ParseListName(list)
	if err != nil || !isSet || !ok {
		return changetime.Of(s.Archive) > index
	}
	for i := range set.N {
		if fi, err := os.Stat(set.Shard(i)); err == nil && fi.ModTime().UnixNano() > index &&
			changetime.Of(fi) > index {
			return true
		}
	}
	return false
}

// sidecarName returns the name of an archive's sidecar.
func sidecarName(name string) string { return BesideName(name, format.SidecarSuffix) }

// VariantsName returns the name of the variants file of an archive, or of the list of a set.
func VariantsName(name string) string { return BesideName(name, format.VariantsSuffix) }

// BesideName returns the name of a file with a suffix beside an archive. If the archive is a
// symbolic link, that may be beside the link or beside its target.
func BesideName(name, suffix string) string {
	side := name + suffix
	if _, err := os.Stat(side); err != nil {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			return real + suffix
		}
	}
	return side
}

// OpenSidecar opens the sidecar of an archive to watch it. It returns nil if there is none of that
// size.
func OpenSidecar(name string, size int64) *os.File {
	f, err := osfile.OpenFile(sidecarName(name), os.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	if fi, err := f.Stat(); err == nil && fi.Size() == size {
		return f
	}
	_ = f.Close()
	return nil
}
