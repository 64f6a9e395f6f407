package format

import (
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
)

// FileMode returns the type and the permissions of an entry in the form of package fs. A hard link
// has the type of a regular file.
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

// Permissions returns the low 12 bits of a Unix mode in the form of package fs.
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

// SetIDs are the setuid and setgid bits of a Unix mode.
const SetIDs = 0o6000

// MissingDirMode is the mode of a directory that gets an entry although it is not on disk or in the
// input.
const MissingDirMode = 0o755

// UnixMode returns the low 12 bits of a Unix mode that m has: permissions, setuid, setgid, sticky.
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
