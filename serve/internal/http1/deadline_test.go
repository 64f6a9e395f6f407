package http1

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// timed is a connection on which content comes byte by byte. TLS may write in each Read, to answer
// a key update (RFC 8446 §4.6.3).
type timed struct {
	repeated
	content string
	reads   int
	write   time.Time // the write deadline
	endless int       // calls of Read without a write deadline
}

func (c *timed) Read(b []byte) (int, error) {
	c.reads++
	if c.write.IsZero() {
		c.endless++
	}
	if c.content == "" {
		return 0, io.EOF
	}
	n := copy(b[:1], c.content)
	c.content = c.content[n:]
	return n, nil
}

func (c *timed) SetDeadline(t time.Time) error      { return c.SetWriteDeadline(t) }
func (c *timed) SetWriteDeadline(t time.Time) error { c.write = t; return nil }
func (c *timed) CloseWrite() error                  { return nil }

// TestReadsEndInTime: what TLS writes while a request, or content that is thrown away, is read does
// not keep the goroutine for ever.
func TestReadsEndInTime(t *testing.T) {
	s := newServer(t, map[string]string{"a.txt": "hello"}, plan.Options{})
	const get, post = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
	for _, content := range []string{get, get + get, post + "123456789", strings.Repeat("x", 20_000)} {
		c := &timed{content: content}
		s.Add(c, &Via{}).Serve()
		if c.reads <= len(content)/2 || c.endless > 0 {
			t.Errorf("%.20q: %d of %d reads have no write deadline", content, c.endless, c.reads)
		}
	}
}

var _ net.Conn = (*timed)(nil)
