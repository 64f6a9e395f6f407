//go:build race

package gzmember

// Under the race detector sync.Pool drops what it is given at random, so allocations cannot be counted.
func init() { countAllocs = false }
