package engine

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// TestMaxHeader: a head that is too large is refused, in a loop and in a goroutine, however it
// arrives.
func TestMaxHeader(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "hello, world"}, plan.Options{})
	limited := New(Config{Responder: e.responder, MaxHeader: 8 << 10})
	defer limited.Close()
	for network, dial := range transports(t, &testEngine{Engine: limited}) {
		for _, size := range []int{100, 8 << 10, 8<<10 + 1, 9 << 10, 12 << 10, 15 << 10, 40 << 10} {
			const start, end = "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ", "\r\n\r\n"
			head := start + strings.Repeat("x", size-len(start)-len(end)) + end
			want := 200
			if size > 8<<10 {
				want = 431
			}
			for _, pieces := range []int{1, 2, 7} {
				c := dial()
				go func() {
					for rest := head; rest != ""; {
						n := min(len(rest), size/pieces+1)
						if _, err := io.WriteString(c, rest[:n]); err != nil {
							return // it was refused before its end
						}
						rest = rest[n:]
						time.Sleep(time.Duration(pieces-1) * time.Millisecond)
					}
				}()
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil || res.StatusCode != want {
					t.Errorf("%s, %d bytes in %d pieces: %v, %v", network, size, pieces, res, err)
				}
				_ = c.Close()
			}
		}
	}
}

// TestOddTimeouts: timeouts that make no sense end connections, and do nothing else.
func TestOddTimeouts(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "hello, world"}, plan.Options{})
	odd := New(Config{Responder: e.responder, HeaderTimeout: 3, IdleTimeout: -1})
	defer odd.Close()
	c := listen(t, &testEngine{Engine: odd}, "tcp", "127.0.0.1:0")()
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
}

// exhausted is a listener that can't accept connections, and is closed after some attempts.
type exhausted struct {
	net.Listener
	left int
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.left--; l.left < 0 {
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
}

// TestAcceptErrors: while connections can't be accepted the log has one line about it.
func TestAcceptErrors(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "a"}, plan.Options{})
	var lines []error
	e.log = func(err error) { lines = append(lines, err) }
	e.Serve(&exhausted{left: 5}, Via{})
	if len(lines) != 1 || !errors.Is(lines[0], syscall.EMFILE) {
		t.Errorf("%v", lines)
	}
}
