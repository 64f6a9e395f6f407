//go:build unix

package sidecar

import "golang.org/x/sys/unix"

// WillNeed has the first bytes of a sidecar that is mapped, up to a limit, read into memory and, where the system can do
// that, mapped: lookups go all over it, and each place that is not in memory is a wait for the disk, each page that is not
// mapped a fault. It returns when that is done.
func (x *Index) WillNeed(limit int64) {
	const piece = 128 << 10 // Linux reads no more than this for one call, unless the device wants more
	all := x.mem[:min(int64(len(x.mem)), limit)]
	for b := all; len(b) > 0; b = b[min(piece, len(b)):] {
		_ = unix.Madvise(b[:min(piece, len(b))], unix.MADV_WILLNEED) // it is but advice
	}
	populate(all)
}
