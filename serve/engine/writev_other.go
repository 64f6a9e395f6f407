//go:build !linux

package engine

type vector struct{}

// writeBoth writes a head and a body.
func (c *conn) writeBoth(head, body []byte) (int, error) {
	n, err := c.Write(head)
	if err != nil {
		return n, err
	}
	k, err := c.Write(body)
	return n + k, err
}
