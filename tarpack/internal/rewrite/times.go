package rewrite

import (
	"slices"
	"time"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// normalizedBefore is the start of 1986 in seconds since 1970. No program writes files with an
// earlier clock; tools set earlier times, for the same result each time: 0 (OSTree), 1 (Nix),
// 1980-01-01 (zip), 1980-02-01 (Gradle), 1985-10-26 (npm).
const normalizedBefore = 504921600

// normalized are later times that tools set, in seconds since 1970.
var normalized = []int64{
	946684800,  // 2000-01-01: portable_mtime of Bazel's rules_pkg
	1153704088, // 2006-07-24: Cargo's packages, by HeaderMode::Deterministic of the crate tar
	1262304000, // 2010-01-01: Bazel's zip and jar files
}

// canProve reports whether a file can be taken for unchanged if it has this modification time, in
// seconds since 1970, in the archive as well as on disk. Times that are clamped to latest, or set
// by a tool, stay the same when the content changes. So do those of a second that is not over.
func canProve(modTime int64, latest, now time.Time) bool {
	isClamped := !latest.IsZero() && modTime >= latest.Unix()
	return !isClamped && modTime >= normalizedBefore && !slices.Contains(normalized, modTime) &&
		durable.IsPast(modTime, now)
}
