//go:build !linux

package engine

import "os"

type sending struct{}

func (c *conn) sendFile(f *os.File, off, n int64) error { return copyFile(c, f, off, n) }
