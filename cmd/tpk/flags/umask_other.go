//go:build !unix

package flags

func umask() uint16 { return 0 }
