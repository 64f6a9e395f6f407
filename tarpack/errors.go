package tarpack

import "errors"

// What can be wrong with an archive. Errors of this package wrap one of them, and name the file and, where there is one,
// the entry's path and its offset in the archive.
var (
	// ErrNotArchive: the file is empty, or something else than a tpk archive, a .tar.gz of another program for one.
	ErrNotArchive = errors.New("not a tpk archive")
	// ErrTruncated: the archive has lost its end.
	ErrTruncated = errors.New("the archive is truncated")
	// ErrVersion: a newer tpk wrote the archive.
	ErrVersion = errors.New("the archive is of a newer format version")
	// ErrCorrupt: the archive is damaged, or breaks a rule of FORMAT.md.
	ErrCorrupt = errors.New("the archive is corrupt")
	// ErrNoSidecar: the archive has no sidecar beside it.
	ErrNoSidecar = errors.New("the archive has no index")
	// ErrStale: the sidecar is damaged, or belongs to another archive or another state of it.
	ErrStale = errors.New("the index does not belong to the archive")
	// ErrIndexRebuilt is in the notice that no usable sidecar was found and the index is built in memory.
	ErrIndexRebuilt = errors.New("indexing it in memory")
	// ErrNotIndexed: the new archive is in place, but its sidecar could not be.
	ErrNotIndexed = errors.New("the archive is complete and in its place, but not its index")
)

// What can stop an entry from being packed, read or extracted.
var (
	// ErrSpecial is in the notice that a FIFO or a device is left out because PackOptions.Special is false.
	ErrSpecial = errors.New("not packed")
	// ErrNoEntry: the archive has no entry of that path.
	ErrNoEntry = errors.New("no such entry in the archive")
	// ErrRefused: extracting the entry could harm what is outside of the target directory.
	ErrRefused = errors.New("refused")
	// ErrCollision: the file system takes two paths of the archive for the same.
	ErrCollision = errors.New("the file system has no room for two names that differ so little")
)
