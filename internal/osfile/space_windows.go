package osfile

import "golang.org/x/sys/windows"

// Space returns the size of the file system of a directory, and how much of it this user can still
// write, in bytes. It returns false if that is not known.
func Space(dir string) (size, free int64, ok bool) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, 0, false
	}
	var available, total uint64
	if windows.GetDiskFreeSpaceEx(path, &available, &total, nil) != nil {
		return 0, 0, false
	}
	return int64(total), int64(available), true
}
