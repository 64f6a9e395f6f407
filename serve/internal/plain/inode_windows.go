package plain

import "io/fs"

// inode returns 0: a FileInfo does not have the number of a file on Windows.
func inode(fs.FileInfo) uint64 { return 0 }
