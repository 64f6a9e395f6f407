// Package engine carries plans out: it takes requests off connections, has them planned, and sends what the plan says.
//
//	TCP, unix ──► turn_linux.go   in an event loop (package eventloop), for what most requests are: GET or HEAD, answered
//	               │     ▲        with bytes that lie in memory as they are. What has to wait gets a goroutine for a while:
//	               ▼     │
//	TLS ────────► lane.go         a strict reader of HTTP/1.1, which answers what is short; what it does not like gets 400
//	               │     ▲
//	               ▼     │
//	              fast.go         fasthttp, for all else of HTTP/1.x: content that is inflated, multipart ranges, HTTP/1.0.
//	                              It reads from the lane, one request at a time.
//	HTTP/2 ─────► nethttp.go      net/http (ALPN, h2c), also as an http.Handler in other programs
//
// All plan with the same plan.Planner and send bodies with the same code (body.go), so an answer never depends
// on who gives it. The lane is there because fasthttp's loop and its two copies of every body cost a third of a request.
package engine
