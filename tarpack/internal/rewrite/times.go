package rewrite

import (
	"time"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// normalizedBefore is the start of 1986 in seconds since 1970. No program writes files with an
// earlier clock; tools set earlier times, for the same result each time: 0 (OSTree), 1 (Nix),
// 1980-01-01 (zip), 1980-02-01 (Gradle), 1985-10-26 (npm).
const normalizedBefore = 504921600

// isNormalized reports whether a time, in seconds since 1970, is one that tools set.
//
// Most such times are midnights: 2000-01-01 (Bazel's rules_pkg), 2001-01-01 (Chromium), 2008-01-01
// (Android's Soong), 2010-01-01 (Bazel), 2016-01-01 (flit, poetry), 2020-02-02 (hatch). In a zip
// they are in local time, in steps of 2 s. So all midnights of all time zones count, which are
// multiples of 15 minutes, and the seconds beside them. Of ordinary files 1 in 300 is read for it.
func isNormalized(modTime int64) bool {
	const quarter = 15 * 60
	const cargo = 1153704088 // HeaderMode::Deterministic of the crate tar
	return modTime < normalizedBefore || (modTime+1)%quarter <= 2 || modTime == cargo
}

// canProve reports whether a file can be taken for unchanged if it has this modification time, in
// seconds since 1970, in the archive as well as on disk. Times that are clamped to latest, or set
// by a tool, stay the same when the content changes. So do those of a second that is not over.
func canProve(modTime int64, latest, now time.Time) bool {
	isClamped := !latest.IsZero() && modTime >= latest.Unix()
	return !isClamped && !isNormalized(modTime) && durable.IsPast(modTime, now)
}
