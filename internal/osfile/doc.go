// Package osfile works with files as Unix does on every system: an open file can be renamed,
// replaced and removed by its name. On Unix its functions are those of package os, at no cost.
//
//	OpenFile       opens a file so that it can be renamed, replaced and removed meanwhile
//	Stat           describes a file so that os.SameFile recognizes it later
//	Rename         renames a file, and replaces one that is open
//	Unname         takes the name from an open temporary file, or will do so when it is closed
//	CreateUnnamed  creates a temporary file without a name
//	Map            maps a file into memory, where that does not keep others from replacing it
//	MapPart        the same, from any offset on
//	TryLock        locks a file for this descriptor, as flock does
//	Identify       the identity of what a name in an os.Root leads to
//	Links          the number of names of an open file
//	SyncDir        makes the names in a directory durable
//	NewPending     a new file that gets its name when it is complete
//	Space          the size of a file system, and what is free
//	Is             whether an error of the system means an error number of Unix
//	Text           the message of an error of the system, in the words of Unix
//
// It imports nothing of ours.
package osfile
