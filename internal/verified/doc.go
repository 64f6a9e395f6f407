// Package verified keeps when archives were last verified, and with what result, in a file in the
// text format of Prometheus. The program that verifies writes it, a server shows what it has of the
// archives that it serves, and the textfile collector of node_exporter can read it.
//
//	Read    the results in a file, by path
//	Write   replaces the file
//	Path    the path of an archive in the file
//	Note    what to keep of an archive after one more check
//
// A Result is about one state of an archive, which the digest of its index identifies. It must not
// count for an archive that was replaced since.
package verified

import (
	"errors"
	"path/filepath"
	"strings"
	"time"
)

// ErrForeign means that a file has anything else in it than results, so it must not be replaced.
var ErrForeign = errors.New("it has no results of checks of archives")

// Result is what is known of an archive.
type Result struct {
	Digest string // of its index, 16 hex digits; "" if it never had a usable one
	// Checked is when it was last verified, and Good when it was last found in order, in seconds since
	// 1970. 0 is never.
	Checked, Good int64
	// Entries and Bytes are what the last check found in order, and Problems what it did not. A check
	// that could not be made counts as a problem.
	Entries, Bytes, Problems int64
}

// Path returns the path of an archive as the file has it. The path of a file is made absolute, the
// URL of one on a server is not.
func Path(archive string, onServer bool) (string, error) {
	if !onServer {
		full, err := filepath.Abs(archive)
		if err != nil {
			return "", err
		}
		archive = full
	}
	return strings.ToValidUTF8(archive, "\uFFFD"), nil
}

// Note returns what to keep of an archive after a check that had the result now, whose Good is not
// used. former is what was known before. If now has no digest, the archive could not be opened, and
// keeps its former one.
func Note(former, now Result, at time.Time) Result {
	now.Checked = at.Unix()
	switch {
	case now.Problems == 0:
		now.Good = now.Checked
	case now.Digest == "" || now.Digest == former.Digest:
		now.Digest, now.Good = former.Digest, former.Good
	default:
		now.Good = 0
	}
	return now
}
