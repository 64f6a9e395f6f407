//go:build !linux

package wire

type vector struct{}

// WriteBoth writes a head and leaves the body to the caller. It returns how many bytes it has
// written.
func (c *Conn) WriteBoth(head, _ []byte) (int, error) { return c.Write(head) }
