//go:build !linux

package archives

import "io/fs"

// changeTime returns 0: the time of the last change is not known.
func changeTime(fs.FileInfo) int64 { return 0 }
