package durable

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
)

// Scratch is a kind of temporary file that the writer of an archive has beside it, besides those
// that become the archive and its sidecar.
type Scratch string

// The kinds of scratch files.
const (
	ScratchInput   Scratch = ".input"   // an input that can't be read at any offset
	ScratchSpool   Scratch = ".spool"   // members in the order of the input
	ScratchRecords Scratch = ".records" // entries of these members
	ScratchIndex   Scratch = ".index"   // the index of these members
	ScratchContent Scratch = ".content" // contents to be compressed
	ScratchCheck   Scratch = ".check"   // an index that is only computed
	ScratchSidecar Scratch = ".sidecar" // the sidecar of the archive before it is changed
)

var scratches = []Scratch{ScratchInput, ScratchSpool, ScratchRecords, ScratchIndex, ScratchContent,
	ScratchCheck, ScratchSidecar}

// Of returns the name of such a file of the archive name.
func (s Scratch) Of(name string) string { return format.TempName(name + string(s)) }

// UnlinkedTemp opens an empty scratch file of the archive name that has no name itself, so it is
// gone when it is closed, or the process ends. The caller holds the lock of the archive, so what
// has its name was left by a killed process.
func UnlinkedTemp(name string, kind Scratch) (*os.File, error) {
	f, err := OpenTemp(kind.Of(name))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(osfile.Unname(f), f.Truncate(0)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// removeScratch removes the scratch files of the archive name that are this user's. The caller
// holds its lock.
func removeScratch(name string) error {
	for _, s := range scratches {
		fi, err := os.Lstat(s.Of(name))
		if err != nil || !fi.Mode().IsRegular() || !isOurs(fi) {
			continue
		}
		if err := os.Remove(s.Of(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
