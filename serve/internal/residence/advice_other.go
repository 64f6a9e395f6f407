//go:build !unix

package residence

// AdviseRandom does nothing.
func AdviseRandom([]byte) {}
