//go:build unix

package extract

import (
	"math"

	"golang.org/x/sys/unix"
)

// setTimeOf sets the modification time of a name in the directory. It does not follow a symbolic
// link. os.Root.Chtimes would follow it, and its times end in the year 2262.
func (d *targetDir) setTimeOf(name string, seconds int64) error {
	fd, err := d.fd()
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(fd, name, modTime(seconds), unix.AT_SYMLINK_NOFOLLOW)
}

// modTime returns the times for utimensat. The archive has no access time, so it is the same.
func modTime(seconds int64) []unix.Timespec {
	var t unix.Timespec
	setSeconds(&t.Sec, seconds)
	return []unix.Timespec{t, t}
}

// setSeconds sets a field that has 32 bits on some systems. A time that does not fit becomes the
// nearest one that does.
func setSeconds[T int32 | int64](field *T, seconds int64) {
	if *field = T(seconds); int64(*field) == seconds {
		return
	}
	*field = math.MaxInt32
	if seconds < 0 {
		*field = math.MinInt32
	}
}

// fd returns a descriptor of the directory for system calls that os.Root lacks. They may only be
// given a single name, and must not follow links.
func (d *targetDir) fd() (int, error) {
	d.handleOnce.Do(func() { d.handle, d.handleErr = d.root.Open(".") })
	if d.handleErr != nil {
		return -1, d.handleErr
	}
	return int(d.handle.Fd()), nil
}
