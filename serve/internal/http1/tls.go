package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"time"
)

// http2Protocol is the ALPN identifier of HTTP/2 over TLS (RFC 9113 §3.1).
const http2Protocol = "h2"

// ServeTLS makes the connection one of TLS and answers its requests, in the calling goroutine,
// until it is closed.
func (c *Conn) ServeTLS(config *tls.Config) {
	t := tls.Server(c.wire.Conn, config)
	c.secure = true
	c.server.conns.replace(c, t, nil, nil)
	_ = t.SetDeadline(time.Now().Add(c.server.HeaderTimeout))
	if err := t.Handshake(); err != nil {
		refusePlain(err)
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

// plainRefusal answers a request without TLS.
const plainRefusal = "HTTP/1.1 400 Bad Request\r\nServer: tpk\r\nConnection: close\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 60\r\n\r\n" +
	"400 Bad Request: use https:// for this address, not http://\n"

// refusePlain answers if a request without TLS is why a handshake has failed with err. The caller
// must close the connection then.
func refusePlain(err error) {
	var e tls.RecordHeaderError
	if !errors.As(err, &e) || e.Conn == nil {
		return // an alert was sent
	}
	switch string(e.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		_, _ = io.WriteString(e.Conn, plainRefusal)
	}
}
