package cache

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack"
)

// Archive is an archive that Cache.Open has opened. Its name is that of the source file.
type Archive struct {
	*tarpack.Archive
	// Sidecar is the file of the index, if it is not beside the archive, and else nil. It is closed
	// with the archive.
	Sidecar *os.File
	// Converted means that the file is not an archive, and was converted.
	Converted bool
	// Refused is how many of its entries were refused then.
	Refused int64

	lock *os.File // nil without an entry
}

// Close closes the archive. What was kept may be removed after that.
func (a *Archive) Close() error {
	err := a.Archive.Close()
	for _, f := range []*os.File{a.Sidecar, a.lock} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
