package readahead

import "golang.org/x/sys/unix"

// populate maps the pages of b. A page of a file that has been cut short is not a fault here, but
// an error of the call.
func populate(b []byte) {
	const piece = 2 << 20 // the address space is locked during a call
	for len(b) > 0 {
		n := min(piece, len(b))
		if unix.Madvise(b[:n], unix.MADV_POPULATE_READ) != nil {
			return // most likely before Linux 5.14: each page is mapped when it is first read
		}
		b = b[n:]
	}
}
