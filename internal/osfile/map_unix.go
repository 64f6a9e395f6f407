//go:build unix

package osfile

import (
	"os"

	"github.com/edsrzf/mmap-go"
)

// Map maps a part of a file for reading.
func Map(f *os.File, length int, offset int64) (mmap.MMap, error) {
	return mmap.MapRegion(f, length, mmap.RDONLY, 0, offset)
}
