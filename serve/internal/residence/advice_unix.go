//go:build unix

package residence

import "golang.org/x/sys/unix"

// AdviseRandom advises the system that mapped memory is read here and there. Without it, one page
// would bring megabytes of its neighbours into memory.
func AdviseRandom(mapped []byte) {
	_ = unix.Madvise(mapped, unix.MADV_RANDOM) // advice may be ignored
}
