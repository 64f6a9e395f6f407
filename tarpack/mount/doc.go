// Package mount shows archives as a directory of the system, by FUSE: Linux, and macOS with
// macFUSE. [Start] mounts, [Unmount] removes a mount that a killed process has left.
//
//	          LOOKUP, READDIRPLUS, GETATTR, READLINK               READ
//	                         │                                       │
//	files.go      ┌──────────▼───────────────────────────────────────▼──────────┐
//	directory.go  │ fileSystem: requests of the kernel                          │
//	              └──────────┬───────────────────────────────────────┬──────────┘
//	generations.go  trees that are open: the current one, and those  │  contents.go  contents
//	                whose files the kernel still knows               │  pieces.go    MiBs in memory
//	tree.go         one generation: archives, one above the other    │  standing.go  readers that
//	listing.go      the names in a directory of all of them          │  can only read on
//	links.go        numbers of hard links                            │  sums.go      checksums
//	                         └──────────── index ──── archive ───────┘
//
// Nothing is kept for a file. The kernel knows a file by a number that leads to its entry at once,
// and which is its inode number, too:
//
//	63     48 47                                                                      0
//	┌────────┬────────────────────────────────────────────────────────────────────────┐
//	│ gener- │ 2 + ordinal of the entry + entries of the archives above               │
//	│ ation  │ 1: the directory that is mounted, whatever the generation              │
//	└────────┴────────────────────────────────────────────────────────────────────────┘
//
// So opening and closing files is not even asked of this package, and the kernel keeps what it has
// read, of files and of directories.
//
// A hard link has the number of its target. A hard link that stands for a duplicate has its own: it
// was another file where the archive was packed, with its own time.
package mount
