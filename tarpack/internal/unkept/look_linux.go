package unkept

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Look counts the open file at path if it has extended attributes that matter.
func (c *Counter) Look(path string, f *os.File) {
	if c == nil {
		return
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	var space [1 << 10]byte
	n, names := 0, space[:]
	err = raw.Control(func(fd uintptr) {
		if n, err = unix.Flistxattr(int(fd), names); err == unix.ERANGE { //nolint:errorlint // a number
			names = make([]byte, 64<<10) // the limit of Linux
			n, err = unix.Flistxattr(int(fd), names)
		}
	})
	if err == nil && n > 0 { // file systems without attributes return errors
		c.Attributes(path, strings.Split(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00"))
	}
}
