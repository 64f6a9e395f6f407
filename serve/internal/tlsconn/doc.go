// Package tlsconn is TLS (RFC 8446, RFC 5246) over a connection of an event loop.
//
//	http1 …  ──► Conn: TryRead, TryWrite, Flush in the loop;        conn_linux.go
//	             │     Read, Write in a goroutine; Handshake, Close
//	             ▼
//	             crypto/tls
//	             │
//	             ▼
//	             records: received ciphertext, and ciphertext to send  records_linux.go
//	             │
//	             ▼
//	             eventloop.Conn
//
// crypto/tls survives a temporary error of a read that finds no complete record, so in a loop
// records returns EAGAIN then. The handshake does not survive it, so it needs a goroutine. Any
// error of a write is permanent. So records takes every write, and Conn limits how much it gives
// to crypto/tls while the client does not take what was sent.
//
// All answers to what one call of Ready has read are sent by one system call. A connection that
// waits for a request has no buffers but those of crypto/tls.
package tlsconn
