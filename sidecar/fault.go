package sidecar

import (
	"runtime/debug"
	"unsafe"
)

// A mapped file may be truncated by another program. Reading beyond its new end raises SIGBUS, which ends a Go process
// unless the goroutine that reads asked for a panic instead. Each exported method that touches the sidecar's bytes begins
// with
//
//	defer x.caught(debug.SetPanicOnFault(true), &err)
//
// It costs a few nanoseconds and does not allocate.

// caught turns a fault in the mapped file into an error, and goes back to what faults did before.
func (x *Index) caught(before bool, err *error) {
	debug.SetPanicOnFault(before)
	if r := recover(); r != nil {
		*err = x.fault(r)
	}
}

// fault makes an error of a panic that was raised by an access to the mapped file. Any other panic goes on.
func (x *Index) fault(r any) error {
	f, ok := r.(interface{ Addr() uintptr })
	if !ok || len(x.mem) == 0 {
		panic(r)
	}
	at := f.Addr() - uintptr(unsafe.Pointer(unsafe.SliceData(x.mem)))
	if at >= uintptr(len(x.mem)) {
		panic(r)
	}
	return corrupt("byte %d cannot be read: the file was cut short, or cannot be read from disk", at)
}
