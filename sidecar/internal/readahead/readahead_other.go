//go:build !unix

// Package readahead brings mapped files into memory before they are used.
package readahead

// Load does nothing on this system.
func Load([]byte) {}
