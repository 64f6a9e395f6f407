//go:build unix

package osfile

import "os"

// Rename is os.Rename for files in one directory, which may be open.
func Rename(from, to string) error { return os.Rename(from, to) }
