//go:build race

package engine

// raceDetector reports whether the race detector is on. With it sync.Pool drops values at random,
// so allocations can't be counted.
const raceDetector = true
