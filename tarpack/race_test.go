//go:build race

package tarpack_test

// The race detector makes sync.Pool drop objects at random, so allocations cannot be counted.
func init() { countAllocs = false }
