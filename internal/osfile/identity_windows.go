package osfile

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// Identify returns the Identity of name in root, a file or a link. fi is what Lstat has returned. It opens the file, as a FileInfo does not have its number.
func Identify(root *os.Root, name string, _ fs.FileInfo) (Identity, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|NoFollow, 0)
	if err != nil {
		return Identity{}, err
	}
	var d windows.ByHandleFileInformation
	err = windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &d)
	id := Identity{uint64(d.VolumeSerialNumber), uint64(d.FileIndexHigh)<<32 | uint64(d.FileIndexLow)}
	return id, errors.Join(err, f.Close())
}

// Links returns how many names an open file has. If that can't be found out, it is 0.
func Links(f *os.File, _ fs.FileInfo) uint64 {
	var d windows.ByHandleFileInformation
	if windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &d) != nil {
		return 0
	}
	return uint64(d.NumberOfLinks)
}
