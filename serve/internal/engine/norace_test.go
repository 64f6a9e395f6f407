//go:build !race

package engine

// raceDetector says whether the race detector is on.
const raceDetector = false
