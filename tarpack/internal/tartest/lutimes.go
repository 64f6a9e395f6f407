package tartest

import (
	"golang.org/x/sys/unix"
)

// Lutimes sets the modification time of name itself, not of what it links to, in seconds since
// 1970.
func Lutimes(name string, seconds int64) error {
	ts := []unix.Timespec{{Sec: seconds}, {Sec: seconds}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, ts, unix.AT_SYMLINK_NOFOLLOW)
}
