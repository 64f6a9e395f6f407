package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tarpack/tpk/tarpack/format"
)

// Output returns err, an error of writing the file name, without temporary names: the user knows
// only name, and the temporary file is gone by the time the error is read.
func Output(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) && filepath.Dir(path.Path) == filepath.Dir(name) &&
		isTemp(filepath.Base(path.Path)) {
		path.Path = name
	}
	return err
}

// TempExport is the temporary name of an export, without the dot before and a number behind it. It
// is allowed where any other name is.
const TempExport = "tpk-export"

func isTemp(base string) bool {
	return format.IsTempName(base) || strings.HasPrefix(base, "."+TempExport)
}

// NewFile is [Output] for a file that appears when it is complete. If the command was stopped, it
// adds that nothing was written, or that a device no longer holds an archive.
func NewFile(name string, err error) error {
	var stop *StoppedError
	if kind := notRegular(name, err); kind == format.ForeignDir {
		return WithHint(In(name, kind), "choose another name for the archive")
	}
	if !errors.As(err, &stop) {
		return Output(name, err)
	}
	left := "nothing was written"
	if fi, err := os.Stat(name); err == nil && fi.Mode()&fs.ModeDevice != 0 {
		left = "there is no archive on it now"
	}
	return WithHint(In(name, stop), left)
}

// notRegular returns what has the name of an archive if err is that it is not a regular file, and
// else "".
func notRegular(name string, err error) format.Foreign {
	fi, errStat := os.Stat(name)
	switch {
	case !errors.Is(err, format.ErrNotRegular), errStat != nil, fi.Mode().IsRegular():
		return ""
	case fi.IsDir():
		return format.ForeignDir
	}
	return format.ForeignSpecial
}

// ChangedArchive is [Output] for an archive that is being changed. If the command was stopped, it
// adds that the archive is unchanged.
func ChangedArchive(name string, err error) error {
	var stop *StoppedError
	if errors.As(err, &stop) {
		return WithHint(In(name, stop), "it is unchanged")
	}
	if kind := notRegular(name, err); kind != "" {
		return In(name, fmt.Errorf("%w: %w", format.ErrNotArchive, kind))
	}
	return Output(name, err)
}

// IsStandardOutput reports whether err is of writing to standard output.
func IsStandardOutput(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) && path.Path == os.Stdout.Name()
}

// StandardOutput returns err, an error of writing to standard output. If the command was stopped,
// it adds written, the state of what was written so far.
func StandardOutput(err error, written string) error {
	var stop *StoppedError
	if errors.As(err, &stop) {
		return WithHint(In("standard output", stop), written)
	}
	return err
}
