//go:build !race

package http1

// raceDetector says whether the race detector is on.
const raceDetector = false
