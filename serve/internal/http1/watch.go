package http1

import (
	"net"
	"syscall"
	"time"
)

// lookEvery is how often a connection is looked at while an answer is being made. So the answers
// that take less time cost no look.
const lookEvery = 200 * time.Millisecond

// Watch implements archives.Client. While an answer is made nothing reads from the connection, so
// the system is asked whether the client has ended its side. Only clients that have gone away do
// that before their answer has come, but for a few simple ones. As in nginx, these get no answer if
// it takes long.
func (c *Conn) Watch(gone func()) (stop func()) {
	hungUp := watched(c.wire.Conn)
	if hungUp == nil {
		return func() {}
	}
	stopped := make(chan struct{})
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-tick.C:
				if hungUp() {
					gone()
					return
				}
			}
		}
	}()
	return func() { close(stopped) }
}

// watched returns what reports whether the client has ended its side of a connection, or nil if
// that can't be seen. It may be called until after the connection was closed.
func watched(nc net.Conn) func() bool {
	switch nc := nc.(type) {
	case interface{ HungUp() bool }: // of an event loop
		return nc.HungUp
	case interface{ NetConn() net.Conn }: // of TLS
		return watched(nc.NetConn())
	case syscall.Conn:
		raw, err := nc.SyscallConn()
		if err != nil {
			return nil
		}
		return func() (ended bool) {
			err := raw.Control(func(fd uintptr) { ended = hungUp(int(fd)) })
			return ended || err != nil
		}
	}
	return nil
}
