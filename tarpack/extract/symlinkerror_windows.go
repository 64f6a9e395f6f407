package extract

import (
	"errors"
	"fmt"

	"golang.org/x/sys/windows"
)

// symlinkError explains the error of making a symbolic link. Windows allows that only to
// administrators, and to all users in developer mode. FAT and Wine have no such links.
func symlinkError(err error) error {
	if errors.Is(err, windows.ERROR_PRIVILEGE_NOT_HELD) {
		return errors.New("this user may not make symbolic links: developer mode allows it")
	}
	if errors.Is(err, windows.ERROR_NOT_SUPPORTED) {
		return fmt.Errorf("symbolic links are not possible here: %w", bare(err))
	}
	return err
}
