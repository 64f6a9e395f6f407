package tarpack

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// canClone says whether files in a directory can share blocks (FICLONE: btrfs, xfs). It tries with two files without names.
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

// cloneFile makes an empty file share all blocks of another, or returns errNoClone.
func cloneFile(dst, src *os.File) error {
	if err := unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())); err != nil {
		return errNoClone
	}
	return nil
}

// setTime sets the modification time of an open file, which is name in root.
func setTime(f *os.File, root *os.Root, name string, t time.Time) error {
	ts, err := unix.TimeToTimespec(t)
	if err != nil {
		return err
	}
	times := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, ts}
	err = unix.UtimesNanoAt(int(f.Fd()), "", times[:], unix.AT_EMPTY_PATH)
	if err != nil { // Linux before 5.8
		err = root.Chtimes(name, time.Time{}, t)
	}
	return err
}
