package durable

import (
	"io/fs"
	"syscall"
)

// ctimeOf is when a file was last changed in any way, in nanoseconds since 1970; 0 where that is not known.
func CtimeOf(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ctim.Nano()
}
