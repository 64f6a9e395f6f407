//go:build unix && !linux

package readahead

// populate does nothing on this system.
func populate([]byte) {}
