package cache

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack"
)

// Archive is an archive opened by Cache.Open. It has the name of the source file.
type Archive struct {
	*tarpack.Archive
	// Sidecar is the open file of an index in the cache, or nil if the index is beside the archive or
	// in memory. It is closed with the archive.
	Sidecar *os.File
	// Converted means that the file is not an archive, and was converted.
	Converted bool
	// Refused is the number of entries that the conversion refused, or did not keep as they were.
	Refused int64
	// RefusedPaths are their paths as far as they are known, the first format.MaxProblems.
	RefusedPaths []string

	lock *os.File // nil without an entry
}

// Close closes the archive. After that its cache entry may be removed.
func (a *Archive) Close() error {
	err := a.Archive.Close()
	for _, f := range []*os.File{a.Sidecar, a.lock} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return err
}
