//go:build race

package http1

// raceDetector: with it, sync.Pool drops what it is given now and then, so allocations cannot be
// counted.
const raceDetector = true
