package shardset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// Named returns the shard set that name stands for. That is a set if name is its list, its first
// shard, or a glob that matches shards of one set only. The name of any other shard stands for that
// archive alone, and so does that of a first shard without a list and without other shards. Then ok
// is false, as for all other names.
//
// It returns an error for a glob that matches shards of several sets. The set may have shards that
// are missing.
func Named(name string) (s format.SetName, ok bool, err error) {
	if s, i, ok := format.ParseShardName(name); ok {
		return s, i == 0 && hasCompany(s, i), nil
	}
	if s, ok := format.ParseListName(name); ok {
		return s, true, nil
	}
	if !strings.ContainsAny(filepath.Base(name), "*?[") || exists(name) {
		return s, false, nil
	}
	names, err := filepath.Glob(name)
	if err != nil || len(names) == 0 {
		return s, false, nil // opening it as a file reports the error
	}
	for k, file := range names {
		one, _, ok := format.ParseShardName(file)
		switch {
		case !ok && isSetFile(file):
			continue
		case !ok:
			return s, false, fmt.Errorf("%s: %w: the glob matches %s, which is no shard", name,
				format.ErrShard, file)
		case s.N > 0 && one != s:
			return s, false, fmt.Errorf("%s: %w: the glob matches shards of several sets, %s and %s",
				name, format.ErrShard, names[k-1], file)
		}
		s = one
	}
	return s, s.N > 0, nil
}

// isSetFile reports whether a file is a sidecar or a list.
func isSetFile(name string) bool {
	return strings.HasSuffix(name, format.SidecarSuffix) || strings.HasSuffix(name, format.ListSuffix)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// hasCompany reports whether a set has a list, or another shard than i. Without both, the file is
// an archive that merely has the name of a shard.
func hasCompany(s format.SetName, i int) bool {
	if exists(s.List()) {
		return true
	}
	for k := range s.N {
		if k != i && exists(s.Shard(k)) {
			return true
		}
	}
	return false
}

// ToEdit is Named for a command that changes what name stands for. A set must have its list and all
// shards. Otherwise the error wraps format.ErrNoList or format.ErrShard. It wraps format.ErrPart if
// name is another shard than the first.
func ToEdit(name string) (s format.SetName, ok bool, err error) {
	if s, ok, err = Named(name); err != nil {
		return s, ok, err
	}
	if !ok {
		if s, i, isShard := format.ParseShardName(name); isShard && hasCompany(s, i) {
			return s, false, fmt.Errorf("%s: %w: that is %s", name, format.ErrPart, s.Shard(0))
		}
		return s, false, nil
	}
	l, err := ReadList(s.List(), s.N)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, true, fmt.Errorf("%s: %w: there is no %s", name, format.ErrNoList,
			filepath.Base(s.List()))
	case errors.Is(err, format.ErrCorrupt):
		return s, true, fmt.Errorf("%w: %w", format.ErrNoList, err)
	case err != nil:
		return s, true, err
	}
	return s, true, NewFile(s, l).CheckAll()
}

// CheckTarget returns an error that wraps format.ErrPart if the archive that is to be written would
// replace one shard of a set that has a list. The set could not be read any more.
func CheckTarget(name string) error {
	if s, _, ok := format.ParseShardName(name); ok && exists(s.List()) {
		return fmt.Errorf("%s: %w, whose list is %s", name, format.ErrPart, s.List())
	}
	return nil
}
