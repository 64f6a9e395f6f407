//go:build !linux

package source

import (
	"fmt"
	"io/fs"
	"os"
)

// identity describes a file so that most changes of it show.
func identity(fi fs.FileInfo) string {
	return fmt.Sprintf("%d %d", fi.Size(), fi.ModTime().UnixNano())
}

// ReadNow always returns false: the system does not reveal what it has in memory.
func ReadNow(*os.File, []byte, int64) bool { return false }
