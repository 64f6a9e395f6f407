package http1

import (
	"time"

	"github.com/tarpack/tpk/serve/internal/tlsconn"
)

// handshake handles a connection of TLS in an event loop until its handshake is done.
type handshake struct {
	conn   *Conn
	secure *tlsconn.Conn
}

// Ready implements eventloop.Handler: a goroutine does the handshake.
func (h *handshake) Ready([]byte, time.Time) {
	c := h.conn
	if c.server.draining.Load() {
		_ = c.Close()
		return
	}
	c.loopState.expires.Store(0)
	h.secure.Leave(h.do)
}

// do does the handshake and gives the connection back to the loop.
func (h *handshake) do() {
	c := h.conn
	_ = h.secure.SetDeadline(c.wire.Now.Add(c.server.HeaderTimeout)) // Now is when it was accepted
	protocol, err := h.secure.Handshake()
	switch {
	case err != nil && c.server.draining.Load():
		// It was cut short. For the client it may be complete, so it must see an end, and no reset.
		c.lingerOn(h.secure.Transport)
	case err != nil:
		c.refuse(err, h.secure.Transport)
	case protocol == http2Protocol:
		c.upgradeInLoop()
	default:
		c.wire.Now = time.Now()
		h.secure.Handle(c)
		c.goBack()
	}
}
