//go:build !race

package encoded

const raceDetector = false
