package shardset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// Named returns the shard set that name stands for. That is a set if name is its list, its first
// shard, or a glob that matches all its shards and nothing else, or the name that the set was
// packed under, unless there is a file of this name. The name of any other shard stands for that
// archive alone, and so does that of a first shard without a list and without other shards. Then
// ok is false, as for all other names. An archive of another program is no shard without a list,
// and an archive that was not written as a shard (FORMAT.md 2.4) is never one.
//
// It returns an error for a name that fits several sets, and for any other glob that matches
// something: that one wraps format.ErrGlob. The set may have shards that are missing.
func Named(name string) (s format.SetName, ok bool, err error) {
	if s, ok, err = Explicit(name); ok || err != nil || exists(name) {
		return s, ok, err
	}
	return packedAs(name)
}

// Explicit is Named without the name that a set was packed under. An archive that is to be written
// may get that name.
func Explicit(name string) (s format.SetName, ok bool, err error) {
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
	return matched(name, names)
}

// matched returns the set that a glob stands for: it must match all its shards that are there, or
// only its list. The error wraps format.ErrGlob.
func matched(glob string, names []string) (s format.SetName, ok bool, err error) {
	var archives []string
	for _, name := range names {
		if !strings.HasSuffix(name, format.SidecarSuffix) {
			archives = append(archives, name)
		}
	}
	shards := map[int]bool{}
	for k, name := range archives {
		one, ok := setOf(name)
		switch {
		case !ok && len(archives) == 1:
			return s, false, fmt.Errorf("%s: %w: it matches %s", glob, format.ErrGlob, name)
		case !ok || k > 0 && one != s:
			what := "archives"
			if ok {
				what = "sets"
			}
			return s, false, fmt.Errorf("%s: %w: several %s match, %s and %s among them", glob,
				format.ErrGlob, what, archives[max(k-1, 0)], archives[max(k, 1)])
		}
		s = one
		if _, i, ok := format.ParseShardName(name); ok {
			shards[i] = true
		}
	}
	if len(shards) > 0 && !OnlyShards(s, shards) {
		return s, false, fmt.Errorf("%s: %w: it matches %d of the %d shards of %s", glob,
			format.ErrGlob, len(shards), s.N, s.Archive())
	}
	return s, s.N > 0, nil
}

// OnlyShards reports whether no other shards of the set are there than those with these numbers.
func OnlyShards(s format.SetName, numbers map[int]bool) bool {
	for i := range s.N {
		if !numbers[i] && exists(s.Shard(i)) {
			return false
		}
	}
	return true
}

// packedAs returns the set that was packed under a name, if its list or one of its shards is there.
func packedAs(name string) (s format.SetName, ok bool, err error) {
	stem, ext := format.CutArchiveSuffix(name)
	if base := filepath.Base(stem); stem == "" || strings.HasSuffix(stem, "/") || base == "." {
		return s, false, nil
	}
	entries, err := os.ReadDir(filepath.Dir(stem))
	if err != nil {
		return s, false, nil // opening it as a file reports the error
	}
	prefix := filepath.Base(stem) + "-"
	for _, e := range entries {
		rest, has := strings.CutPrefix(e.Name(), prefix)
		if !has {
			continue
		}
		one, is := setOf(stem + "-" + rest)
		switch {
		case !is || one.Stem != stem || one.Ext != ext:
		case s.N == 0 && StandsAlone(stem+"-"+rest):
		case s.N > 0 && one.N != s.N:
			return s, false, fmt.Errorf("%s: %w, but two sets of this name do: %s and %s", name,
				fs.ErrNotExist, filepath.Base(s.List()), filepath.Base(one.List()))
		default:
			s = one
		}
	}
	return s, s.N > 0, nil
}

// setOf returns the set that has a shard or a list of this name.
func setOf(name string) (s format.SetName, ok bool) {
	if s, ok = format.ParseListName(name); !ok {
		s, _, ok = format.ParseShardName(name)
	}
	return s, ok
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// hasCompany reports whether a set has a list, or another shard than i. Without both, the file is
// an archive that merely has the name of a shard. Without a list, archives of other programs are no
// shards.
func hasCompany(s format.SetName, i int) bool {
	if StandsAlone(s.Shard(i)) {
		return false
	}
	if exists(s.List()) {
		return true
	}
	if err := openable(s.Shard(i)); errors.Is(err, format.ErrNotArchive) &&
		!errors.Is(err, format.ForeignEmpty) {
		return false
	}
	for k := range s.N {
		if k != i && exists(s.Shard(k)) && !isForeign(s.Shard(k)) {
			return true
		}
	}
	return false
}

// isForeign reports whether another program wrote a file. Empty files and unknown ones may be what
// is left of a shard.
func isForeign(name string) bool {
	var kind format.Foreign
	err := openable(name)
	return errors.Is(err, format.ErrNotArchive) && errors.As(err, &kind) &&
		kind != format.ForeignEmpty && kind != format.ForeignUnknown
}

// openable returns the error of opening an archive.
func openable(name string) error {
	a, err := archivefile.Open(name)
	if err == nil {
		a.OSFile.Close() // opened for reading only: an error loses nothing
	}
	return err
}

// StandsAlone reports whether a file with the name of a shard is an archive that was not written as
// one. A file that is missing, or is no archive, may have been a shard.
func StandsAlone(name string) bool {
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return false
	}
	defer f.Close() // opened for reading only: an error loses nothing
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return false
	}
	t, err := format.ReadTrailer(f, fi.Size())
	return err == nil && !t.IsShard()
}

// ToEdit is Named for a command that changes what name stands for. A set must have its list.
// Otherwise the error wraps format.ErrNoList, or format.ErrShard if it needs more than a list. The
// shards are not looked at if there is one. For the name of any other shard it returns the error of
// CheckPart.
func ToEdit(ctx context.Context, name string) (s format.SetName, ok bool, err error) {
	if s, ok, err = Named(name); err != nil {
		return s, ok, err
	}
	if !ok {
		return s, false, CheckPart(ctx, name)
	}
	_, err = ReadList(s.List(), s.N)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s, true, errorNoList(ctx, name, s)
	case errors.Is(err, format.ErrCorrupt):
		return s, true, fmt.Errorf("%w: %w", format.ErrNoList, err)
	}
	return s, true, err
}

// CheckPart returns an error if the archive name is to be changed and has the name of a shard. It
// wraps format.ErrPart if the set has a list. Without one, it wraps format.ErrNoList if the others
// are there and belong together, format.ErrNotOneSet if they do not, and else format.ErrNoSet: they
// may be somewhere else. For a symbolic link, what it
// leads to counts as well. An archive of another program can't be changed anyway.
func CheckPart(ctx context.Context, name string) error {
	err := checkPart(ctx, name, name)
	if fi, linkErr := os.Lstat(name); err == nil && linkErr == nil && fi.Mode()&fs.ModeSymlink != 0 {
		if real, realErr := filepath.EvalSymlinks(name); realErr == nil {
			err = checkPart(ctx, real, name)
		}
	}
	return err
}

// checkPart is CheckPart for a file that is no symbolic link. Messages have the name.
func checkPart(ctx context.Context, file, name string) error {
	s, i, ok := format.ParseShardName(file)
	switch {
	case !ok:
		return nil
	case exists(s.List()):
		return fmt.Errorf("%s: %w: that is %s", name, format.ErrPart, s.Shard(0))
	case !exists(s.Shard(i)) || isForeign(s.Shard(i)):
		return nil
	}
	err := errorNoList(ctx, name, s)
	if !errors.Is(err, format.ErrNoList) && !errors.Is(err, format.ErrNotOneSet) {
		return fmt.Errorf("%s: %w: there is no %s", name, format.ErrNoSet, filepath.Base(s.List()))
	}
	return err
}

// errorNoList returns the error for a set without a list that name stands for. It wraps
// format.ErrNoList if a list can be made of the shards, and format.ErrNotOneSet if they contradict
// each other.
func errorNoList(ctx context.Context, name string, s format.SetName) error {
	if _, err := ListFromShards(s); err != nil {
		return err
	}
	if err := CheckJoin(ctx, s, scan.Options{}); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s: %w: there is no %s", name, format.ErrNoList, filepath.Base(s.List()))
}
