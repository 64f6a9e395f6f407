//go:build !unix

package archives

func adviseRandom([]byte) {}
