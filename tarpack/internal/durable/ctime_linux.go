package durable

import (
	"io/fs"
	"syscall"
)

// CtimeOf returns the time of the last change of a file's content or attributes, in nanoseconds
// since 1970. It is 0 if unknown.
func CtimeOf(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ctim.Nano()
}
