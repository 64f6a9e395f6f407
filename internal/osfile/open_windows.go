package osfile

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Flags for OpenFile and the functions of package os that open files.
const (
	// Nonblock is no flag: there are no FIFOs in directories.
	Nonblock = 0
	// NoFollow opens a symbolic link itself, not what it leads to.
	NoFollow = windows.FILE_FLAG_OPEN_REPARSE_POINT
)

const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// OpenFile is os.OpenFile for a file that is renamed, replaced or removed while it is open, which
// os.OpenFile does not allow on Windows. A file that is new is never read-only. Of the flags it
// knows those for reading and writing, O_CREATE, O_EXCL, O_TRUNC and NoFollow.
//
// Long names need no prefix: Go declares its programs to be aware of them.
func OpenFile(name string, flag int, _ os.FileMode) (*os.File, error) {
	h, err := open(name, flag)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(h), name), nil
}

func open(name string, flag int) (windows.Handle, error) {
	if name == "" {
		return 0, windows.ERROR_FILE_NOT_FOUND
	}
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	access := uint32(windows.GENERIC_READ)
	attributes := uint32(windows.FILE_ATTRIBUTE_NORMAL) | uint32(flag)&NoFollow
	switch flag & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR) {
	case os.O_WRONLY:
		access = windows.GENERIC_WRITE
	case os.O_RDWR:
		access |= windows.GENERIC_WRITE
	default:
		attributes |= windows.FILE_FLAG_BACKUP_SEMANTICS // without it, directories can't be opened
	}
	how := uint32(windows.OPEN_EXISTING)
	switch {
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		how = windows.CREATE_NEW
		attributes |= NoFollow
	case flag&os.O_CREATE != 0:
		how = windows.OPEN_ALWAYS
	}
	h, err := windows.CreateFile(path, access, shareAll, nil, how, attributes, 0)
	if err != nil {
		return 0, err
	}
	if flag&os.O_TRUNC != 0 {
		if err := windows.Ftruncate(h, 0); err != nil {
			windows.CloseHandle(h) // the other error is the one to report
			return 0, err
		}
	}
	return h, nil
}

// Unname marks an open temporary file to be removed when it is closed, or the process ends. Until
// then its name stays, which nobody can open. The file was opened by OpenFile.
func Unname(f *os.File) error {
	err := remove(f.Name())
	if err != nil {
		err = &os.PathError{Op: "remove", Path: f.Name(), Err: err}
	}
	return err
}

func remove(name string) error {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(path, windows.DELETE, shareAll, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return err
	}
	info := struct{ remove bool }{true}
	err = windows.SetFileInformationByHandle(h, windows.FileDispositionInfo,
		(*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return errors.Join(err, windows.CloseHandle(h))
}

// CreateUnnamed creates a temporary file in dir, or in the system's directory if dir is "". It is
// gone when it is closed, or the process ends.
func CreateUnnamed(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	f.Close() // it is empty; a handle of package os does not allow Unname
	if f, err = OpenFile(f.Name(), os.O_RDWR, 0); err != nil {
		return nil, err
	}
	if err := Unname(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
