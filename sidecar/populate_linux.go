package sidecar

import "golang.org/x/sys/unix"

// populate maps what is read. A page of a file that has been cut short is no fault here, but an error.
func populate(b []byte) {
	const piece = 2 << 20 // the address space is locked meanwhile
	for len(b) > 0 {
		n := min(piece, len(b))
		if unix.Madvise(b[:n], unix.MADV_POPULATE_READ) != nil {
			return // a system before Linux 5.14, most likely: every page is mapped when it is first read
		}
		b = b[n:]
	}
}
