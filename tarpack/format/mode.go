package format

import (
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
)

// FileMode returns type and permissions of an entry as package fs has them. A hard link has a regular file's.
func FileMode(e *sidecar.Entry) fs.FileMode {
	m := Permissions(e.Mode)
	switch e.Type {
	case sidecar.TypeDir:
		m |= fs.ModeDir
	case sidecar.TypeSymlink:
		m |= fs.ModeSymlink
	case sidecar.TypeChar:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case sidecar.TypeBlock:
		m |= fs.ModeDevice
	case sidecar.TypeFIFO:
		m |= fs.ModeNamedPipe
	}
	return m
}

// permissions turns the 12 bits of POSIX into those of package fs.
func Permissions(mode uint16) fs.FileMode {
	m := fs.FileMode(mode & 0o777)
	if mode&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if mode&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if mode&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	return m
}

// madeMode is the mode of directories that are not on disk.
const MadeMode = 0o755

// unixMode returns the low 12 bits of a Unix mode.
func UnixMode(m fs.FileMode) uint16 {
	mode := uint16(m.Perm())
	if m&fs.ModeSetuid != 0 {
		mode |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		mode |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		mode |= 0o1000
	}
	return mode
}
