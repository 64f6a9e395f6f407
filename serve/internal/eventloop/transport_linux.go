package eventloop

import "net"

// Transport is what a protocol in a loop reads from and writes to. Interrupt, Abort and the
// deadlines may be used at any time. Everything else is for the side to which the connection
// belongs; the methods of net.Conn are for a goroutine, from Leave to Return.
type Transport interface {
	net.Conn

	// Start makes the loop call h. It may do so before Start has returned.
	Start(h Handler) error
	// Handle makes the loop call h from now on, and not the Handler of before.
	Handle(h Handler)
	// TryRead reads what has come. The error is EAGAIN if that is nothing, and io.EOF at the end of
	// the stream. Ready must call it until there is an error, or leave the loop.
	TryRead(b []byte) (int, error)
	// TryWrite takes as much of b as there is room for, which may be nothing. Some of that may not
	// be sent before Flush.
	TryWrite(b []byte) (int, error)
	// Flush sends what TryWrite has taken. It returns false if the client does not take all of it.
	// Then it must be called again after Await, or by Write in a goroutine.
	Flush() (bool, error)
	// Await makes the loop call the Handler when the connection can be written to, and not when
	// something can be read. That holds until the call. It is used in Ready.
	Await()

	// Leave lends the connection to a goroutine, which calls f.
	Leave(f func())
	// Return gives the connection back to the loop. After an error the goroutine still has it.
	Return() error

	// HungUp reports whether the client has ended its side of the connection. It may be used at any
	// time.
	HungUp() bool
	// CloseWrite ends the outgoing stream.
	CloseWrite() error
	// Interrupt makes the loop call the Handler, even if there is nothing to read: at once, or after
	// Start or Return.
	Interrupt()
	// Abort ends the connection, whichever side has it. That side still must close it.
	Abort()
}
