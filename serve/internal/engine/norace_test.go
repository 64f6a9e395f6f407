//go:build !race

package engine

// raceDetector reports whether the race detector is on.
const raceDetector = false
