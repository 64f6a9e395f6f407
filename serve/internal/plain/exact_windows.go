package plain

import (
	"os"
	"path"
	"path/filepath"

	"golang.org/x/sys/windows"

	"github.com/tarpack/tpk/tarpack/format"
)

// isExact reports whether the last name of a path is just the one that the directory has. Windows
// also opens files by names in another case, with dots or spaces at the end, by short ones such as
// GIT~1 for .git, and with \ for /. Hidden files, and those that give rules, are told by name.
func isExact(root *os.Root, name string) bool {
	if format.CheckPath(name) != nil {
		return false
	}
	p, err := windows.UTF16PtrFromString(filepath.Join(root.Name(), filepath.FromSlash(name)))
	if err != nil {
		return false
	}
	var found windows.Win32finddata
	h, err := windows.FindFirstFile(p, &found)
	if err != nil {
		return false
	}
	_ = windows.FindClose(h)
	return windows.UTF16ToString(found.FileName[:]) == path.Base(name)
}
