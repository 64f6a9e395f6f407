//go:build !linux

package durable

import "io/fs"

// CtimeOf is when a file was last changed in any way, in nanoseconds since 1970; 0 where that is not known.
func CtimeOf(fs.FileInfo) int64 { return 0 }
