package format

import (
	"path/filepath"
	"strings"
)

// SidecarSuffix is what a sidecar's name adds to its archive's.
const SidecarSuffix = ".tpi"

// tempName is where the new content of name is written.
func TempName(name string) string {
	dir, base := filepath.Split(name)
	return filepath.Join(dir, "."+base+TempSuffix)
}

const TempSuffix = ".tpk-tmp"

func IsTempName(base string) bool { return strings.HasSuffix(base, TempSuffix) }

// A shard set is archives that together hold one tree: NAME-00000-of-00016.tar.gz and so on, and two files that speak for all of them:
// the list NAME-of-00016.tar.gz.tps, which names size and digest of each, and the list's sidecar, NAME-of-00016.tar.gz.tps.tpi (FORMAT.md 2.4).

// ListSuffix ends the name of a shard set's list.
const ListSuffix = ".tps"

// MaxShards is the most archives that a set has.
const MaxShards = 65536
