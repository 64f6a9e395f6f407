package osfile

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/windows"
)

// Rename is os.Rename for files in one directory, which may be open, if they were opened by
// OpenFile or through an os.Root. os.Rename replaces no open file on Windows; a Root does, as it
// asks for the semantics of POSIX.
//
// File systems other than NTFS, and Wine, don't know these. There the old file, if it is open,
// first gets another name, and is removed when it is closed. So a crash can leave it under that
// name, which begins with a dot and the old one.
func Rename(from, to string) error {
	dir := filepath.Dir(to)
	if filepath.Dir(from) != dir {
		return os.Rename(from, to)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = rename(root, filepath.Base(from), filepath.Base(to))
	var link *os.LinkError
	if errors.As(err, &link) {
		err = &os.LinkError{Op: "rename", Old: from, New: to, Err: link.Err}
	}
	return errors.Join(err, root.Close())
}

func rename(root *os.Root, from, to string) error {
	err := root.Rename(from, to)
	if !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return err
	}
	fi, statErr := root.Lstat(to)
	if statErr != nil || !fi.Mode().IsRegular() {
		return err
	}
	aside := "." + to + ".replaced" + strconv.FormatUint(uint64(rand.Uint32()), 10) + ".tpk-tmp"
	if root.Rename(to, aside) != nil {
		return err // a program has it open that does not share it
	}
	if err := root.Rename(from, to); err != nil {
		return errors.Join(err, root.Rename(aside, to))
	}
	return root.Remove(aside)
}
