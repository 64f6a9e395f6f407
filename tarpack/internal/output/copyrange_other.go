//go:build !linux

package output

import (
	"errors"
	"os"
)

// copyFileRange returns errors.ErrUnsupported.
func copyFileRange(_, _ *os.File, _, _ int64) (int64, error) { return 0, errors.ErrUnsupported }
