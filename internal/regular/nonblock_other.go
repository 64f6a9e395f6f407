//go:build !unix

package regular

// nonblock is no flag: there are no FIFOs in directories.
const nonblock = 0
