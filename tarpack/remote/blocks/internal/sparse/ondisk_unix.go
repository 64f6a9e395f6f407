//go:build unix

package sparse

import (
	"io/fs"
	"syscall"
)

// onDisk returns how many bytes a file takes.
func onDisk(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fi.Size()
	}
	return st.Blocks * 512 // stat(2): the unit is always 512 bytes
}
