//go:build !minimal

package text

// Supported reports whether this build makes and searches text indexes.
const Supported = true
