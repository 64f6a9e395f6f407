// Package engine carries plans out: it takes requests off connections, has them planned, and sends what the plan says.
//
//	              ┌─ lane.go      a loop of our own for what most requests are: GET or HEAD, answered with bytes that
//	TCP, unix ──► │               lie in the archive as they are. Strict: what it does not like gets 400.
//	TLS           ├─ fast.go      fasthttp, for all else of HTTP/1.x: content that is inflated, multipart ranges,
//	              │               bodies, HTTP/1.0. It reads from the lane, one request at a time.
//	              └─ nethttp.go   net/http, for HTTP/2 (ALPN, h2c) and as an http.Handler in other programs
//
// All three plan with the same plan.Planner and send bodies with the same code (body.go), so an answer never depends
// on who gives it. The lane is there because fasthttp's loop and its two copies of every body cost a third of a request.
package engine
