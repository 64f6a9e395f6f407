package tarpack

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A shard set is archives that together hold one tree: NAME-00000-of-00016.tar.gz and so on, and two files that speak for all of them:
// the list NAME-of-00016.tar.gz.tps, which names size and digest of each, and the list's sidecar, NAME-of-00016.tar.gz.tps.tpi (FORMAT.md 2.4).

// ListSuffix ends the name of a shard set's list.
const ListSuffix = ".tps"

// MaxShards is the most archives that a set has.
const MaxShards = 65536

// ErrShard means that a shard of a set is missing, or is not the one that the set was made with.
var ErrShard = errors.New("the shard set is not whole")

// ShardName is the name of a shard of the archive name: NAME-00003-of-00016.tar.gz.
func ShardName(name string, i, n int) string { return setNameOf(name, n).shard(i) }

// A setName is what the names of a set's files are made of.
type setName struct {
	stem, ext string // "dir/NAME", ".tar.gz"
	n         int
}

// setNameOf gives the names of a set of n shards of the archive name.
func setNameOf(name string, n int) setName {
	stem, ext := cutArchiveSuffix(name)
	return setName{stem, ext, n}
}

func cutArchiveSuffix(name string) (stem, ext string) {
	for _, e := range []string{".tar.gz", ".tgz"} {
		if s, ok := strings.CutSuffix(name, e); ok {
			return s, e
		}
	}
	return name, ""
}

func (s setName) shard(i int) string { return fmt.Sprintf("%s-%05d-of-%05d%s", s.stem, i, s.n, s.ext) }

// list is the name of the set's list.
func (s setName) list() string { return fmt.Sprintf("%s-of-%05d%s%s", s.stem, s.n, s.ext, ListSuffix) }

// pending is the name that shard i has until the set's list is in its place.
func (s setName) pending(i int) string {
	return tempName(fmt.Sprintf("%s-%05d-of-set%s", s.stem, i, s.ext))
}

// pendingIndex is that of its sidecar.
func (s setName) pendingIndex(i int) string {
	return tempName(fmt.Sprintf("%s-%05d-of-set%s%s", s.stem, i, s.ext, SidecarSuffix))
}

// parseShardName takes the name of a shard apart.
func parseShardName(name string) (s setName, i int, ok bool) {
	stem, ext := cutArchiveSuffix(name)
	rest, count, found := cutLast(stem, "-of-")
	if !found {
		return s, 0, false
	}
	rest, number, found := cutLast(rest, "-")
	if i, ok = fiveDigits(number); !found || !ok || filepath.Base(rest+"x") == "x" {
		return s, 0, false
	}
	n, ok := fiveDigits(count)
	return setName{rest, ext, n}, i, ok && i < n && n <= MaxShards
}

// parseListName takes the name of a set's list apart.
func parseListName(name string) (s setName, ok bool) {
	stem, ok := strings.CutSuffix(name, ListSuffix)
	if !ok {
		return s, false
	}
	stem, ext := cutArchiveSuffix(stem)
	stem, count, found := cutLast(stem, "-of-")
	n, ok := fiveDigits(count)
	return setName{stem, ext, n}, found && ok && n > 0 && n <= MaxShards
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func fiveDigits(s string) (int, bool) {
	if len(s) != 5 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// SetName tells whether a name means a shard set, and gives the name of the set's list, whether that is there or not. What means a set is
// the list itself, the set's first shard, and a glob that matches only shards of one set. A name of one of its other shards means that archive alone.
//
// The error is that of a glob which matches shards of several sets.
func SetName(name string) (list string, ok bool, err error) {
	if s, i, ok := parseShardName(name); ok {
		return s.list(), i == 0, nil
	}
	if _, ok := parseListName(name); ok {
		return name, true, nil
	}
	if !strings.ContainsAny(filepath.Base(name), "*?[") {
		return "", false, nil
	}
	names, err := filepath.Glob(name)
	if err != nil || len(names) == 0 {
		return "", false, nil // no glob, or of nothing: opening it as a file says so
	}
	var set setName
	for k, file := range names {
		s, _, ok := parseShardName(file)
		switch {
		case !ok && isSetFile(file):
			continue
		case !ok:
			return "", false, fmt.Errorf("%s: %w: the glob matches %s, which is no shard", name, ErrShard, file)
		case set.n > 0 && s != set:
			return "", false, fmt.Errorf("%s: %w: the glob matches shards of several sets, %s and %s", name, ErrShard, names[k-1], file)
		}
		set = s
	}
	return set.list(), set.n > 0, nil
}

// isSetFile: the file is a sidecar or a list.
func isSetFile(name string) bool {
	return strings.HasSuffix(name, SidecarSuffix) || strings.HasSuffix(name, ListSuffix)
}

// JoinShards replaces each run of names that are several shards of one set, in their order, by the name of the set's first: so a glob that a shell has
// taken apart means the set. All other names stay.
func JoinShards(names []string) []string {
	var joined []string
	for len(names) > 0 {
		run := 1
		set, last, ok := parseShardName(names[0])
		for ok && run < len(names) {
			s, i, is := parseShardName(names[run])
			if !is || s != set || i <= last {
				break
			}
			last = i
			run++
		}
		if run > 1 {
			joined = append(joined, set.shard(0))
		} else {
			joined = append(joined, names[0])
		}
		names = slices.Clone(names[run:])
	}
	return joined
}
