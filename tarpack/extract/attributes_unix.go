//go:build unix

package extract

import (
	"math"

	"golang.org/x/sys/unix"
)

// setTimeOf sets the modification time of a name in the directory; of a symbolic link it is its own. os.Root has no method for
// that, and for other names one that ends in the year 2262.
func (d *targetDir) setTimeOf(name string, seconds int64) error {
	fd, err := d.fd()
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(fd, name, modTime(seconds), unix.AT_SYMLINK_NOFOLLOW)
}

// modTime is what utimensat takes. The archive has no access time, so the modification time stands for it.
func modTime(seconds int64) []unix.Timespec {
	var t unix.Timespec
	setSeconds(&t.Sec, seconds)
	return []unix.Timespec{t, t}
}

// setSeconds fills a field that has 32 bits on some machines: what does not fit there is cut to the last second that does.
func setSeconds[T int32 | int64](field *T, seconds int64) {
	if *field = T(seconds); int64(*field) == seconds {
		return
	}
	*field = math.MaxInt32
	if seconds < 0 {
		*field = math.MinInt32
	}
}

// fd is a descriptor of the directory, for the calls that os.Root does not have. They get a single name and follow no link.
func (d *targetDir) fd() (int, error) {
	d.handleOnce.Do(func() { d.handle, d.handleErr = d.root.Open(".") })
	if d.handleErr != nil {
		return -1, d.handleErr
	}
	return int(d.handle.Fd()), nil
}
