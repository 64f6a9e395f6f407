// Package device places an archive on a block device, or in any file that has more room than the
// archive needs (FORMAT.md 3.2):
//
//	│ archive … T │ zeros │ sidecar │   …   │ locator │
//	0             size    index             room − 64
//
// Archive and sidecar begin at their offsets. The locator, the last 64 bytes, has these
// offsets. It is only a hint for a reader, as the archive ends where its T ends.
//
//	Find, Search                          reading: the archive and its locator
//	OpenForWriting, Wipe, WriteIndex      writing, in this order, with the archive before WriteIndex
//
// It imports format and durable.
package device
