// Package http2 is the life of a connection of HTTP/2 (RFC 9113).
//
// A conn is a state machine that knows no socket: bytes go in, and frames come out behind each
// other in one buffer, so that all answers to one read leave with one write.
//
//	        bytes read                                             bytes to write
//	             │                                                        ▲
//	conn.go      ▼   turn: timers, frames, answers, bodies                │
//	          frames.go ──► headers.go ──► answer.go ──► block.go ──► out │
//	          SETTINGS,     a header       at once, in     HEADERS        │
//	          PING, …       block, a       this goroutine                 │
//	             │          request           │ or                        │
//	             ▼                            ▼                           │
//	          flow.go: windows; bodies, a DATA frame of each stream in turn
//	                                          ▲
//	          slow.go: a goroutine for each answer that has to be waited for
//
// Package hpack decodes header blocks. Answers that are made at once are checked and sent together,
// at the end of a turn.
//
// Package respond decides what an answer is, as for HTTP/1.x. limits.go has what a client may do.
//
// A connection is driven by an event loop (loop_linux.go) or, where there is none, by a goroutine
// that reads (blocking.go).
package http2
