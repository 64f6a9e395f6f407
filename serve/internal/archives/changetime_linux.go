package archives

import (
	"io/fs"
	"syscall"
)

// changeTime returns the time of the last change of a file's content or attributes, in nanoseconds
// since 1970.
func changeTime(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ctim.Nano()
}
