//go:build unix && !linux

package sidecar

// populate does nothing here.
func populate([]byte) {}
