package durable

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
)

// scratchFile makes a temporary file that is gone when it is closed, however that comes about. Where an open file cannot be removed,
// it stays.
func ScratchFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "tpk-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// unlinkedTemp opens a temporary file beside name that is gone when it is closed, however that comes about. Who calls it holds the lock of
// the archive, so what stands there is what a killed process left.
func UnlinkedTemp(name string) (*os.File, error) {
	f, err := OpenTemp(format.TempName(name))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.Remove(f.Name()), f.Truncate(0)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
