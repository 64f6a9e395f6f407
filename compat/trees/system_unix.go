//go:build unix

package trees

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// identity identifies a file, whatever its name.
type identity struct{ dev, ino uint64 }

// stateOf returns what is at a name, without the content of a file.
func stateOf(name string) (State, identity, error) {
	var stat unix.Stat_t
	if err := unix.Lstat(name, &stat); err != nil {
		return State{}, identity{}, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	st := State{Mode: uint32(stat.Mode) & 0o7777, Time: int64(stat.Mtim.Sec),
		Nanos: int64(stat.Mtim.Nsec), Links: int(stat.Nlink)}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		st.Kind, st.Size = KindFile, stat.Size
	case unix.S_IFDIR:
		st.Kind = KindDir
	case unix.S_IFLNK:
		st.Kind = KindSymlink
		target, err := os.Readlink(name)
		if err != nil {
			return State{}, identity{}, err
		}
		st.Target = target
	case unix.S_IFIFO:
		st.Kind = KindFIFO
	case unix.S_IFSOCK:
		st.Kind = KindSocket
	default:
		st.Kind = KindDevice
	}
	return st, identity{uint64(stat.Dev), stat.Ino}, nil
}

// createSpecial makes a FIFO, a socket or a device.
func createSpecial(name string, kind Kind) error {
	switch kind {
	case KindFIFO:
		return unix.Mkfifo(name, 0o600)
	case KindSocket:
		return mknod(name, unix.S_IFSOCK|0o600, 0)
	default:
		return mknod(name, unix.S_IFCHR|0o600, unix.Mkdev(1, 3))
	}
}

// SetAttributes sets mode and time of the node, which is at name.
func (n Node) SetAttributes(name string) error {
	if n.Kind != KindSymlink {
		if err := unix.Fchmodat(unix.AT_FDCWD, name, n.Mode, 0); err != nil {
			return err
		}
	}
	ts := []unix.Timespec{{Sec: n.Time, Nsec: n.Nanos}, {Sec: n.Time, Nsec: n.Nanos}}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, ts, unix.AT_SYMLINK_NOFOLLOW)
}
