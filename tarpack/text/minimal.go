//go:build minimal

package text

// Supported reports whether this build makes and searches text indexes. The compiler leaves out
// what is behind it.
const Supported = false
