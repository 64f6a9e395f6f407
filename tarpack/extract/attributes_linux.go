package extract

import (
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"golang.org/x/sys/unix"
)

// canClone reports whether files in a directory can share blocks, as on btrfs and xfs. It tries
// FICLONE with two nameless files.
func canClone(root *os.Root) bool {
	var files [2]*os.File
	for i := range files {
		f, err := root.OpenFile(".", os.O_RDWR|unix.O_TMPFILE, 0o600)
		if err != nil {
			return false
		}
		defer f.Close()
		files[i] = f
	}
	return cloneFile(files[0], files[1]) == nil
}

// cloneFile makes the empty file dst share all blocks of src. Any error is errNoClone.
func cloneFile(dst, src *os.File) error {
	if err := unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())); err != nil {
		return errNoClone
	}
	return nil
}

// setTime sets the modification time of an open file, which is name in the directory.
func (d *targetDir) setTime(f *os.File, name string, seconds int64) error {
	err := unix.UtimesNanoAt(int(f.Fd()), "", modTime(seconds), unix.AT_EMPTY_PATH)
	if err != nil { // before Linux 5.8
		err = d.setTimeOf(name, seconds)
	}
	return err
}

// special creates a FIFO or a device.
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
	if err := d.root.Chmod(j.name, format.Permissions(e.Mode)); err != nil {
		return err
	}
	return d.setTimeOf(j.name, e.ModTime)
}
