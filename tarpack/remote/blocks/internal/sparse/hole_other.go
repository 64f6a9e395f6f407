//go:build !linux

package sparse

import (
	"errors"
	"os"
)

// canPin reports whether ranges can be locked, which Pin needs.
const canPin = false

// punchHole always fails. Only generations that no process uses are evicted then.
func punchHole(*os.File, int64, int64) error { return errors.ErrUnsupported }

// extents calls do for the whole part of a file between two offsets.
func extents(_ *os.File, from, to int64, do func(from, to int64) error) error {
	return do(from, to)
}

// lockRange does nothing, as nothing is ever pinned.
func lockRange(*os.File, int64, int64, bool) error { return nil }

func unlockRange(*os.File, int64, int64) {}
