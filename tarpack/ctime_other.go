//go:build !linux

package tarpack

import "io/fs"

// ctimeOf is when a file was last changed in any way, in nanoseconds since 1970; 0 where that is not known.
func ctimeOf(fs.FileInfo) int64 { return 0 }
