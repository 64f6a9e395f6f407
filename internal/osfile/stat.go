package osfile

import "os"

// Stat is os.Stat for a FileInfo that os.SameFile is asked about later. On Windows, that one of
// package os has only the name, and os.SameFile looks up which file it is: another one may have
// replaced it by then.
func Stat(name string) (os.FileInfo, error) {
	fi, err := os.Stat(name)
	if err == nil {
		os.SameFile(fi, fi) // which looks it up now
	}
	return fi, err
}
