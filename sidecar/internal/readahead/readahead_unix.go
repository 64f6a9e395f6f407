//go:build unix

// Package readahead brings mapped files into memory before they are used, and takes them out of it.
package readahead

import "golang.org/x/sys/unix"

// Load reads the file behind the mapped memory b and, where the system can do so, maps its pages.
// It returns when that is done. A page beyond the end of the file is no error.
func Load(b []byte) {
	const piece = 128 << 10 // Linux reads no more in one call, unless the device asks for more
	for rest := b; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		_ = unix.Madvise(rest[:min(piece, len(rest))], unix.MADV_WILLNEED) // only advice
	}
	populate(b)
}

// Unload unmaps the pages of b, all of a mapped file. Each is mapped again when it is read.
func Unload(b []byte) {
	_ = unix.Madvise(b, unix.MADV_DONTNEED) // only advice
}
