// Package http1 is the life of a connection of HTTP/1.x.
//
//	Server.Add ──► Conn.ToLoop ──► handshake: of TLS, in a goroutine        handshake_linux.go
//	registry.go    loop_linux.go    │
//	                    │           ▼
//	                    │          Ready: in an event loop, while nothing has to be waited for
//	                    │           │   ▲                                        loop_linux.go
//	                    │           ▼   │
//	                    │   runInGoroutine, goBack
//	                    ▼           ▼   │
//	               Conn.Serve: in a goroutine, which waits, reads and answers
//	                                │                       conn.go, request.go
//	                                ▼
//	               Close, linger, or upgradeInLoop, ServeHTTP2: it goes on as HTTP/2
//
// A connection belongs to one side at a time, to a loop or to a goroutine. Systems without event
// loops have a goroutine for each connection, and ServeTLS (tls.go) does the handshake in it. Both
// sides read with package head, answer with package respond and write with package wire. A
// connection of HTTP/2 stays in the registry, and package http2 answers its requests.
package http1
