//go:build !linux

package wire

// vector is not used here.
type vector struct{}
