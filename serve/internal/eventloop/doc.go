// Package eventloop answers many connections from few goroutines, and lends each connection to a goroutine of its own while
// something has to be waited for.
//
//	             ready          ┌──────────────────┐  Leave(f): what f does may wait   ┌─────────────────────────┐
//	epoll ─────► Handler.Ready ─┤ TryRead, TryWrite├──────────────────────────────────►│ f: Read, Write, Close … │
//	             in the loop    └──────────────────┘◄──────────────────────────────────└─────────────────────────┘
//	                                                     Return: it waits for the next request
//
// Go's own way, a goroutine for each connection, costs a switch of goroutines, often the waking of a thread, and a read in
// vain for each request: as much as all that a server of files does besides talking to the system. A loop reads, answers
// and goes on to the next connection, as nginx does. There is one loop for each processor. Only Linux has it so far.
//
// A [Conn] belongs to one side at a time: to its loop, or, from [Conn.Leave] to [Conn.Return] or [Conn.Close], to the
// goroutine, for which it is a net.Conn. Its descriptor is never known to Go's runtime; the goroutine waits for its loop.
package eventloop

import "time"

// Handler answers requests in a loop.
type Handler interface {
	// Ready is called in the loop when something may be read, and must not wait for anything. Room is the loop's, for this call
	// only, and so is now, about the time.
	Ready(room []byte, now time.Time)
}
