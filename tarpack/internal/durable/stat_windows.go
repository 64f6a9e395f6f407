package durable

import (
	"io/fs"
	"syscall"

	"github.com/tarpack/tpk/tarpack/format"
)

// StatOf returns the zero Stat: Windows has owners and link counts, but a FileInfo does not.
func StatOf(fs.FileInfo) Stat { return Stat{} }

// UnixMode returns the mode that a file on disk would have on most systems with modes, as for a zip
// file without them: 0644, or 0444 if it is read-only, and 0755 for a directory.
func UnixMode(fi fs.FileInfo) uint16 {
	if _, ok := fi.Sys().(*syscall.Win32FileAttributeData); !ok {
		return format.UnixMode(fi.Mode())
	}
	switch {
	case fi.IsDir():
		return 0o755
	case fi.Mode()&0o200 == 0:
		return 0o444
	}
	return 0o644
}

// isOurs returns true: who may write in a directory is up to its access control list, not to the
// owners of the files in it.
func isOurs(fs.FileInfo) bool { return true }

// isPrivate returns nil: a directory in the user's profile inherits an access control list that
// keeps others out.
func isPrivate(string, fs.FileInfo) error { return nil }
