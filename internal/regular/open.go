// Package regular opens files whose names lie where others may put anything: a FIFO there must not
// make the program wait for ever, nor a device act.
package regular

import (
	"errors"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
)

// ErrNotRegular means that the name leads to something else than a regular file.
var ErrNotRegular = errors.New("it is not a regular file")

// Open opens a regular file for reading, also by way of symbolic links. It never waits for another
// program. The error is a *fs.PathError, which wraps ErrNotRegular if there is something else.
func Open(name string) (*os.File, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY|osfile.Nonblock, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		f.Close() // opened for reading only: an error loses nothing
		return nil, err
	}
	return f, nil
}
