package source

import (
	"os"

	"golang.org/x/sys/unix"
)

// ReadNow fills p if the page cache holds all of it (preadv2 with RWF_NOWAIT).
func ReadNow(f *os.File, p []byte, off int64) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	done := false
	err = raw.Control(func(fd uintptr) {
		n, err := unix.Preadv2(int(fd), [][]byte{p}, off, unix.RWF_NOWAIT)
		done = err == nil && n == len(p)
	})
	return err == nil && done
}
