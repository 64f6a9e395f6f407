package changetime

import (
	"io/fs"
	"syscall"
)

// Of returns when a file's content or attributes last changed, in nanoseconds since 1970, or 0 if
// unknown.
func Of(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ctim.Nano()
}
