package format

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

const (
	// SidecarSuffix is what the name of a sidecar adds to the name of its archive.
	SidecarSuffix = ".tpi"
	// VariantsSuffix is what the name of a variants file adds to the name of its archive.
	VariantsSuffix = ".tpv"
	// ListSuffix is what the name of a shard set's list adds, see SetName.
	ListSuffix = ".tps"
	// TempSuffix ends the name of a file that is being written, see TempName.
	TempSuffix = ".tpk-tmp"
)

// MaxShards is the largest number of shards in a set (FORMAT.md 2.4).
const MaxShards = 65536

const (
	longName = 96 // bytes of a name; those of longer ones are not all in the temporary name
	longEnd  = 56 // bytes at the end of a long name that are; the parts that set files add are shorter
)

// TempName returns the name under which the file name is written: hidden, in the same directory,
// with TempSuffix. That of a long name has the hash of the name and its end (FORMAT.md 1.5). So it
// is allowed wherever the name is.
func TempName(name string) string {
	dir, base := filepath.Split(name)
	if len(base) > longName {
		end := len(base) - longEnd
		for end < len(base) && !utf8.RuneStart(base[end]) {
			end++
		}
		base = fmt.Sprintf("%016x-%s", xxhash.Sum64String(base), base[end:])
	}
	return filepath.Join(dir, "."+base+TempSuffix)
}

// IsTempName reports whether base may be the last component of a name that TempName returned.
func IsTempName(base string) bool { return strings.HasSuffix(base, TempSuffix) }

// SetName is what the names of the files of a shard set are made of (FORMAT.md 2.4). A set is N
// archives that together hold one tree, and two files for all of them. These are a list of the
// shards' sizes and digests, and the sidecar of the whole set.
//
//	NAME-00000-of-00016.tar.gz … NAME-00015-of-00016.tar.gz   the shards, each with a sidecar
//	NAME-of-00016.tar.gz.tps                                  the list
//	NAME-of-00016.tar.gz.tps.tpi                              the set's sidecar
type SetName struct {
	Stem string // the name of the archive without its suffix, with its directory
	Ext  string // ".tar.gz", ".tgz" or ""
	N    int    // number of shards, 1 to MaxShards
}

// SetNameOf returns the names of a set of n shards of the archive name.
func SetNameOf(name string, n int) SetName {
	stem, ext := CutArchiveSuffix(name)
	return SetName{stem, ext, n}
}

// ShardName returns the name of shard i of a set of n shards of the archive name.
func ShardName(name string, i, n int) string { return SetNameOf(name, n).Shard(i) }

// CutArchiveSuffix cuts ".tar.gz" or ".tgz" off the name of an archive. Without these ext is "".
func CutArchiveSuffix(name string) (stem, ext string) {
	for _, e := range []string{".tar.gz", ".tgz"} {
		if s, ok := strings.CutSuffix(name, e); ok {
			return s, e
		}
	}
	return name, ""
}

// Archive returns the name of the archive that the set stands for.
func (s SetName) Archive() string { return s.Stem + s.Ext }

// Working returns the name that the writer of a set uses for its lock and its scratch files, as
// the temporary names of an archive. No archive has it.
func (s SetName) Working() string { return s.Stem + "-of-set" + s.Ext }

// Shard returns the name of shard i, 0 to N-1.
func (s SetName) Shard(i int) string {
	return fmt.Sprintf("%s-%05d-of-%05d%s", s.Stem, i, s.N, s.Ext)
}

// List returns the name of the set's list.
func (s SetName) List() string {
	return fmt.Sprintf("%s-of-%05d%s%s", s.Stem, s.N, s.Ext, ListSuffix)
}

// Pending returns the temporary name of shard i. A shard has it until the set's list has its own
// name. The number of shards is not part of it, as it is not known while shards are written.
func (s SetName) Pending(i int) string {
	return TempName(fmt.Sprintf("%s-%05d-of-set%s", s.Stem, i, s.Ext))
}

// PendingIndex returns the temporary name of the sidecar of shard i.
func (s SetName) PendingIndex(i int) string {
	return TempName(fmt.Sprintf("%s-%05d-of-set%s%s", s.Stem, i, s.Ext, SidecarSuffix))
}

// IsShardName reports whether name is that of a shard. An archive that is written under such a name
// becomes one (FORMAT.md 2.4).
func IsShardName(name string) bool {
	_, _, ok := ParseShardName(name)
	return ok
}

// ParseShardName returns the set and the number of the shard that has this name. For other names ok
// is false.
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

// ParseListName returns the set whose list has this name. For other names ok is false.
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

// FiveDigits returns the number that s is in exactly five decimal digits. ok is false if s is not
// one.
func FiveDigits(s string) (n int, ok bool) {
	if len(s) != 5 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// cutLast cuts s at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
