package sparse

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// canPin reports whether ranges can be locked, which Pin needs.
const canPin = true

// punchHole frees the space of n bytes of a file. They are zeros then, and the size stays. Tests
// replace it.
var punchHole = func(f *os.File, off, n int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
}

// extents calls do for the parts of a file between two offsets that are no holes.
func extents(f *os.File, from, to int64, do func(from, to int64) error) error {
	fd := int(f.Fd())
	for from < to {
		begin, err := unix.Seek(fd, from, unix.SEEK_DATA)
		switch {
		case errors.Is(err, unix.ENXIO):
			return nil
		case err != nil: // not known
			return do(from, to)
		}
		end, err := unix.Seek(fd, begin, unix.SEEK_HOLE)
		if err != nil {
			end = to
		}
		if begin >= to {
			return nil
		}
		if err := do(begin, min(end, to)); err != nil {
			return err
		}
		from = end
	}
	return nil
}

// lockRange locks bytes of a file, shared or exclusively, or returns ErrBusy. The lock belongs to
// the open file, not to the process (fcntl(2), F_OFD_SETLK). It ends with unlockRange, or when the
// file is closed.
func lockRange(f *os.File, off, n int64, exclusive bool) error {
	kind := int16(unix.F_RDLCK)
	if exclusive {
		kind = unix.F_WRLCK
	}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: kind, Start: off, Len: n})
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return ErrBusy
	}
	return err
}

func unlockRange(f *os.File, off, n int64) {
	_ = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK,
		&unix.Flock_t{Type: unix.F_UNLCK, Start: off, Len: n})
}
