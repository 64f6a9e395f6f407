package format

import (
	"errors"
)

// ErrAppend means that a path can't be appended: a later entry would not be extracted as it should be.
var ErrAppend = errors.New("nothing can be appended to it")

var (
	// ErrLocked means that another process is writing the archive.
	ErrLocked = errors.New("is being written by another process")
	// ErrNotRegular means that only a regular file can be replaced.
	ErrNotRegular = errors.New("exists and is not a regular file")
)

// ErrDevice means that a device can't hold what is to be written.
var ErrDevice = errors.New("the device is too small")

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
)

// What can stop an entry from being read or extracted.
var (
	// ErrNoEntry: the archive has no entry of that path.
	ErrNoEntry = errors.New("no such entry in the archive")
	// ErrRefused: extracting the entry could harm what is outside of the target directory.
	ErrRefused = errors.New("refused")
	// ErrCollision: the file system takes two paths of the archive for the same.
	ErrCollision = errors.New("the file system has no room for two names that differ so little")
)

// An archive that grows in place (FORMAT.md 1.5) has its new members behind T, with a T of their own, before anything that was there is touched:
//
//	│ old members │ T │                      the archive as it was
//	│ old members │ T │ new members … T │    not finished: the archive ends where it did, the rest is nobody's
//	│ old members │ F │ new members … T │    grown: the last 18 bytes of the old T were overwritten, so that it inflates to nothing
//
// So what is read is either the old archive or the new one.

// ErrUnfinished means that bytes follow the end of the archive: of an append that was interrupted, or is not finished yet, or of a program that knows
// nothing of the format.
var ErrUnfinished = errors.New("an append was not finished, or another program has added to it")

// ErrShard means that a shard of a set is missing, or is not the one that the set was made with.
var ErrShard = errors.New("the shard set is not whole")

// ErrTooMany means that a size for shards makes more of them than a set may have.
var ErrTooMany = errors.New("the shards are too small")

// ErrChanged means that a file is not what it was when it was first looked at.
var ErrChanged = errors.New("changed while it was read")

// What a notice is about.
var (
	// ErrIndexRebuilt is in the notice that there is no usable sidecar and the index is built in memory.
	ErrIndexRebuilt = errors.New("indexing it in memory")
	// ErrSpecial is in the notice that a FIFO or a device is left out because the option Special is not set.
	ErrSpecial = errors.New("not packed")
)

// ErrNotIndexed means that the new archive is in place but its sidecar could not be put there.
var ErrNotIndexed = errors.New("the archive is complete and in its place, but not its index")
