//go:build unix

package sidecar

import "golang.org/x/sys/unix"

// WillNeed asks the system to read a sidecar that is mapped into memory, in the background, up to a limit in bytes: lookups go all over it, and each
// place that is not in memory is a wait for the disk.
func (x *Index) WillNeed(limit int64) {
	const piece = 128 << 10 // Linux reads no more than this for one call, unless the device wants more
	for b := x.mem[:min(int64(len(x.mem)), limit)]; len(b) > 0; b = b[min(piece, len(b)):] {
		_ = unix.Madvise(b[:min(piece, len(b))], unix.MADV_WILLNEED) // it is but advice
	}
}
