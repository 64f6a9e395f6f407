package http1

import (
	"crypto/tls"
	"time"
)

// http2Protocol is the ALPN identifier of HTTP/2 over TLS (RFC 9113 §3.1).
const http2Protocol = "h2"

// ServeTLS makes the connection one of TLS and answers its requests, in the calling goroutine,
// until it is closed.
func (c *Conn) ServeTLS(config *tls.Config) {
	t := tls.Server(c.wire.Conn, config)
	c.server.conns.replace(c, t, nil, nil)
	_ = t.SetDeadline(time.Now().Add(c.server.HeaderTimeout))
	if t.Handshake() != nil {
		_ = c.Close()
		return
	}
	_ = t.SetDeadline(time.Time{})
	if t.ConnectionState().NegotiatedProtocol == http2Protocol {
		c.ServeHTTP2(nil)
		return
	}
	c.Serve()
}
