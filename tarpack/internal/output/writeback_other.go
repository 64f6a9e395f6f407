//go:build !linux

package output

import "os"

// startWriteback does nothing: only Linux has this hint.
func startWriteback(*os.File, int64, int64) {}
