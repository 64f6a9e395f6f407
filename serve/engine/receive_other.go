//go:build !linux

package engine

import (
	"errors"
	"syscall"
)

type inquiry struct{}

// receive reads into a buffer from the pool, without waiting. The error is EAGAIN if there is nothing. Last tells that nothing is
// left; if it is false there may be something.
func (c *conn) receive(fd uintptr) (n int, last bool, err error) {
	c.buf = readBuffers.Get().(*[]byte)
	for {
		n, err = syscall.Read(int(fd), *c.buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			c.dropBuffer()
		}
		return n, false, err
	}
}
