// Package background lets goroutines work without slowing others down.
//
//	Lower    gives the calling goroutine a system thread of the lowest priority
//	Workers  how many such goroutines are sensible
//
// It imports nothing of ours.
package background

import "runtime"

// Lower binds the calling goroutine to a system thread, which it gives the lowest priority where
// the system has one for threads (Linux). Nothing undoes that: the thread ends with the goroutine.
func Lower() {
	runtime.LockOSThread()
	lower()
}

// Workers returns half of the processors, but at least 1: what is done in the background is often
// the work of another program that runs at the same time.
func Workers() int { return max(1, runtime.NumCPU()/2) }
