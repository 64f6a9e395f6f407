package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// http2Protocol is the ALPN identifier of HTTP/2 over TLS (RFC 9113 §3.1).
const http2Protocol = "h2"

// ServeTLS makes the connection one of TLS and answers its requests, in the calling goroutine,
// until it is closed.
func (c *Conn) ServeTLS() {
	below := c.wire.Conn
	t := tls.Server(below, c.via.TLS)
	c.server.conns.replace(c, t, nil, nil)
	_ = t.SetDeadline(time.Now().Add(c.server.HeaderTimeout))
	if err := t.Handshake(); err != nil {
		c.refuse(err, below)
		return
	}
	_ = t.SetDeadline(time.Time{})
	if t.ConnectionState().NegotiatedProtocol == http2Protocol {
		c.ServeHTTP2(nil)
		return
	}
	c.Serve()
}

// plainRefusal answers a request without TLS.
const plainRefusal = "HTTP/1.1 400 Bad Request\r\nServer: tpk\r\nConnection: close\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 60\r\n\r\n" +
	"400 Bad Request: use https:// for this address, not http://\n"

// refuse closes a connection whose handshake has failed with err. If a request without TLS is the
// reason, it is answered first, through the connection below.
func (c *Conn) refuse(err error, below net.Conn) {
	var e tls.RecordHeaderError
	if !errors.As(err, &e) || e.Conn == nil || !isRequest(e.RecordHeader) {
		_ = c.Close() // an alert was sent
		return
	}
	_, _ = io.WriteString(below, plainRefusal)
	c.lingerOn(below)
}

// isRequest reports whether a request of HTTP/1.x begins so: with the name of a method. No record
// of TLS does, since its first byte is from 20 to 24 (RFC 8446 §5.1).
func isRequest(begin [5]byte) bool {
	for i, c := range begin {
		if c == ' ' {
			return i >= len("GET") && string(begin[:i]) != "PRI" // HTTP/2 would not understand it
		}
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}
