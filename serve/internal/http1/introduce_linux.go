package http1

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/eventloop"
	"github.com/tarpack/tpk/serve/internal/forwarded"
)

// introduction handles a connection of a trusted proxy in an event loop until it is known whether
// it begins with a header of the PROXY protocol, and until that is complete.
type introduction struct {
	conn  *Conn
	below *eventloop.Conn   // without TLS
	next  eventloop.Handler // what handles the rest
	begun []byte            // what has come
}

// Ready implements eventloop.Handler.
func (h *introduction) Ready(room []byte, now time.Time) {
	c := h.conn
	n, err := h.below.TryRead(room)
	switch {
	case errors.Is(err, unix.EAGAIN) && !c.server.draining.Load():
		return
	case err != nil:
		_ = c.Close()
		return
	}
	h.begun = append(h.begun, room[:n]...)
	in, n, err := forwarded.ParseIntroduction(h.begun)
	if errors.Is(err, forwarded.ErrMore) {
		return // Server.expire bounds the wait, and ParseIntroduction the memory
	}
	if err != nil || n > 0 && !c.introduce(&in) {
		_ = c.Close()
		return
	}
	h.below.Unread(h.begun[n:])
	h.below.Handle(h.next)
	h.next.Ready(room, now)
}
