//go:build !unix

// Package readahead brings mapped files into memory before they are used, and takes them out of it.
package readahead

// Load does nothing on this system.
func Load([]byte) {}

// Unload does nothing on this system.
func Unload([]byte) {}
