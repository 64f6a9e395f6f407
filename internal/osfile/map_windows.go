package osfile

import (
	"errors"
	"os"

	"github.com/edsrzf/mmap-go"
)

// Map always fails: Windows lets nobody replace, remove or truncate a file that is mapped. So a
// server would keep its archives from being updated. Callers read such a file instead.
func Map(*os.File, int, int64) (mmap.MMap, error) { return nil, errors.ErrUnsupported }
