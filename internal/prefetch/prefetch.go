// Package prefetch asks the processor to load memory that is about to be read.
package prefetch

import "unsafe"

// Byte loads the cache line of byte i of b into the cache, while the program goes on. Unlike a read
// it never faults, even if the file behind mapped memory was truncated. It panics if b has no such
// byte.
func Byte(b []byte, i int) { line(unsafe.Pointer(&b[i])) }
