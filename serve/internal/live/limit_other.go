//go:build !unix

package live

// isLimit returns false: the limit of Windows is the memory.
func isLimit(error) bool { return false }
