//go:build unix

package tarpack

import (
	"time"

	"github.com/tarpack/tpk/sidecar"
	"golang.org/x/sys/unix"
)

// setLinkTime sets the modification time of a symbolic link itself, for which os.Root has no method. Who has no way to do
// that lets it be.
func (d *targetDir) setLinkTime(name string, t time.Time) error {
	fd, err := d.fd()
	if err != nil {
		return err
	}
	ts, err := unix.TimeToTimespec(t)
	if err != nil {
		return err
	}
	return unix.UtimesNanoAt(fd, name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

// special makes a FIFO or a device.
func (d *targetDir) special(j *job) error {
	fd, err := d.fd()
	if err != nil {
		return err
	}
	e := &j.entry
	kind, dev := uint32(unix.S_IFIFO), uint64(0)
	switch e.Type {
	case sidecar.TypeChar:
		kind, dev = unix.S_IFCHR, unix.Mkdev(e.DevMajor, e.DevMinor)
	case sidecar.TypeBlock:
		kind, dev = unix.S_IFBLK, unix.Mkdev(e.DevMajor, e.DevMinor)
	}
	if err := unix.Mknodat(fd, j.name, kind|uint32(e.Mode&0o777), int(dev)); err != nil {
		return err
	}
	if err := d.root.Chmod(j.name, permissions(e.Mode)); err != nil {
		return err
	}
	return d.root.Chtimes(j.name, time.Time{}, time.Unix(e.ModTime, 0))
}

// fd is a descriptor of the directory, for the calls that os.Root does not have. They get a single name and follow no link.
func (d *targetDir) fd() (int, error) {
	d.handleOnce.Do(func() { d.handle, d.handleErr = d.root.Open(".") })
	if d.handleErr != nil {
		return -1, d.handleErr
	}
	return int(d.handle.Fd()), nil
}
