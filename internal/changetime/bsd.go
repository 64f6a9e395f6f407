//go:build darwin || freebsd

package changetime

import (
	"io/fs"
	"os"
	"syscall"
)

// Of returns when a file's content or attributes last changed, in nanoseconds since 1970, or 0 if
// unknown.
func Of(fi fs.FileInfo) int64 {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return st.Ctimespec.Nano()
}

// Stat returns the Stamp of an open file.
func Stat(f *os.File) (Stamp, error) {
	fi, err := f.Stat()
	if err != nil {
		return Stamp{}, err
	}
	return StampOf(fi), nil
}

// identify fills in what only the system's own description of a file has.
func (s *Stamp) identify(fi fs.FileInfo) {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		s.Dev, s.Ino, s.Removed = uint64(st.Dev), st.Ino, st.Nlink == 0
		s.Links = uint64(st.Nlink)
	}
}

// Written reports that nothing is known: there are no leases.
func Written(*os.File) (written, known bool) { return false, false }
