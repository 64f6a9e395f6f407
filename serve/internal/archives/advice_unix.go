//go:build unix

package archives

import "golang.org/x/sys/unix"

// adviseRandom tells the system that what is mapped is read here and there: one page is not to bring megabytes of neighbours.
func adviseRandom(mapped []byte) {
	_ = unix.Madvise(mapped, unix.MADV_RANDOM) // it is but advice
}
