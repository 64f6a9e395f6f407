package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Output returns err, an error of writing the file name, without temporary names: the user knows
// only name, and the temporary file is gone by the time the error is read.
func Output(name string, err error) error {
	var path *fs.PathError
	// The temporary files of shards have a number between the stem and the suffix.
	stem := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".tar.gz"), ".tgz")
	if errors.As(err, &path) && filepath.Dir(path.Path) == filepath.Dir(name) &&
		strings.HasPrefix(filepath.Base(path.Path), "."+stem) {
		path.Path = name
	}
	return err
}

// NewFile is [Output] for a file that appears when it is complete. If the command was stopped, it
// adds that nothing was written, or that a device no longer holds an archive.
func NewFile(name string, err error) error {
	var stop *StoppedError
	if !errors.As(err, &stop) {
		return Output(name, err)
	}
	left := "nothing was written"
	if fi, err := os.Stat(name); err == nil && fi.Mode()&fs.ModeDevice != 0 {
		left = "there is no archive on it now"
	}
	return WithHint(In(name, stop), left)
}

// ChangedArchive is [Output] for an archive that is being changed. If the command was stopped, it
// adds that the archive is unchanged.
func ChangedArchive(name string, err error) error {
	var stop *StoppedError
	if errors.As(err, &stop) {
		return WithHint(In(name, stop), "it is unchanged")
	}
	return Output(name, err)
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
