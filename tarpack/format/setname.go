package format

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// ShardName is the name of a shard of the archive name: NAME-00003-of-00016.tar.gz.
func ShardName(name string, i, n int) string { return SetNameOf(name, n).Shard(i) }

// A setName is what the names of a set's files are made of.
type SetName struct {
	Stem, Ext string // "dir/NAME", ".tar.gz"
	N         int
}

// setNameOf gives the names of a set of n shards of the archive name.
func SetNameOf(name string, n int) SetName {
	stem, ext := CutArchiveSuffix(name)
	return SetName{stem, ext, n}
}

func CutArchiveSuffix(name string) (stem, ext string) {
	for _, e := range []string{".tar.gz", ".tgz"} {
		if s, ok := strings.CutSuffix(name, e); ok {
			return s, e
		}
	}
	return name, ""
}

func (s SetName) Shard(i int) string { return fmt.Sprintf("%s-%05d-of-%05d%s", s.Stem, i, s.N, s.Ext) }

// list is the name of the set's list.
func (s SetName) List() string { return fmt.Sprintf("%s-of-%05d%s%s", s.Stem, s.N, s.Ext, ListSuffix) }

// pending is the name that shard i has until the set's list is in its place.
func (s SetName) Pending(i int) string {
	return TempName(fmt.Sprintf("%s-%05d-of-set%s", s.Stem, i, s.Ext))
}

// pendingIndex is that of its sidecar.
func (s SetName) PendingIndex(i int) string {
	return TempName(fmt.Sprintf("%s-%05d-of-set%s%s", s.Stem, i, s.Ext, SidecarSuffix))
}

// parseShardName takes the name of a shard apart.
func ParseShardName(name string) (s SetName, i int, ok bool) {
	stem, ext := CutArchiveSuffix(name)
	rest, count, found := cutLast(stem, "-of-")
	if !found {
		return s, 0, false
	}
	rest, number, found := cutLast(rest, "-")
	if i, ok = FiveDigits(number); !found || !ok || filepath.Base(rest+"x") == "x" {
		return s, 0, false
	}
	n, ok := FiveDigits(count)
	return SetName{rest, ext, n}, i, ok && i < n && n <= MaxShards
}

// parseListName takes the name of a set's list apart.
func ParseListName(name string) (s SetName, ok bool) {
	stem, ok := strings.CutSuffix(name, ListSuffix)
	if !ok {
		return s, false
	}
	stem, ext := CutArchiveSuffix(stem)
	stem, count, found := cutLast(stem, "-of-")
	n, ok := FiveDigits(count)
	return SetName{stem, ext, n}, found && ok && n > 0 && n <= MaxShards
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func FiveDigits(s string) (int, bool) {
	if len(s) != 5 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
