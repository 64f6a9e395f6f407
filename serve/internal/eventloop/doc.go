// Package eventloop answers many connections from a few goroutines. It lends a connection to a
// goroutine of its own while something has to be waited for.
//
//	          ready         in the loop        Leave(f)    in a goroutine, which may wait
//	epoll ───────────► Handler.Ready: ────────────────────► f: Read, Write, Close …
//	                   TryRead, TryWrite ◄───────────────── Return: wait for the next request
//
// With a goroutine for each connection, Go's own way, each request costs a switch of goroutines, a
// read that finds nothing, and often the waking of a thread. That is as much as everything that a
// file server does besides talking to the system. A loop reads, answers and goes on to the next
// connection, as nginx does. Only Linux has loops so far.
//
// A [Conn] belongs to one side at a time: to its loop, or, from [Conn.Leave] to [Conn.Return] or
// [Conn.Close], to a goroutine, for which it is a net.Conn. Go's runtime never knows its
// descriptor: the goroutine waits for the loop.
//
// A protocol sees its connection as a [Transport], which is a Conn or TLS over one. In Ready it
// reads until TryRead returns EAGAIN, and calls Flush after its answers. A connection with output
// that the client does not take stays in the loop with [Conn.Await], or gets a goroutine.
package eventloop

import "time"

// Handler answers requests in a loop.
type Handler interface {
	// Ready is called in the loop when something may be read, after Conn.Interrupt, and when the
	// wait of Conn.Await is over. It must not wait. room is the loop's memory, for this call only.
	// now is the time, or a little before.
	Ready(room []byte, now time.Time)
}
