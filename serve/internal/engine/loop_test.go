package engine

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/head"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// listen serves on a network, and returns what dials it.
func listen(t *testing.T, e *testEngine, network, address string) (dial func() net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	go e.Serve(ln, Via{})
	t.Cleanup(func() { ln.Close() })
	return func() net.Conn {
		c, err := net.Dial(network, ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		// Less than any timeout of the server.
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// transports serves in every way without HTTP/2, and returns what dials each.
func transports(t *testing.T, e *testEngine) map[string]func() net.Conn {
	return map[string]func() net.Conn{
		"tcp": listen(t, e, "tcp", "127.0.0.1:0"), "tls": dialTLS(t, e),
		"unix": listen(t, e, "unix", filepath.Join(t.TempDir(), "s")),
	}
}

// TestTurns sends requests one after the other, in pieces and several at once, and ends the stream
// in each of the ways in which that can come together with a request. Every request is answered,
// and then the connection ends.
func TestTurns(t *testing.T) {
	long := "GET /a.txt HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 2*head.BufferSize) +
		"\r\n\r\n"
	const short = "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"
	// Several ranges need a goroutine.
	const range2 = "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0,2-2\r\n\r\n"
	many := strings.Repeat(short, 500)
	cases := []struct {
		name    string
		writes  []string
		answers int
		await   bool // each answer before the next write
	}{
		{"one", []string{short}, 1, false},
		{"one after the other", []string{short, short, short, short}, 4, true},
		{"at once", []string{short + short + short}, 3, false},
		{"more than a buffer", []string{many}, 500, false},
		{"more than a buffer, later", []string{short, short, many}, 502, false},
		{"a part", []string{short, short + short[:10], short[10:]}, 3, false},
		{"a part, later", []string{short, short, short[:10], short[10:]}, 3, false},
		{"a long head", []string{short, short, long, short}, 4, false},
		{"to a goroutine and back", []string{short, short + range2 + short, short}, 5, false},
		{"an empty line between", []string{short, "\r\n" + short, short}, 3, true},
	}
	e := newEngine(t, map[string]string{"a.txt": "hello, world"}, plan.Options{})
	for network, dial := range transports(t, e) {
		for _, test := range cases {
			for _, pause := range []time.Duration{0, 2 * time.Millisecond} {
				t.Run(network+"/"+test.name+"/"+pause.String(), func(t *testing.T) {
					testTurn(t, dial(), test.writes, test.answers, test.await, pause)
				})
			}
		}
	}
}

// testTurn sends writes with pauses between them, reads as many answers, and then the end of the
// stream. With await, the writing side stays open until all answers have come.
func testTurn(
	t *testing.T, c net.Conn, writes []string, answers int, await bool, pause time.Duration,
) {
	t.Helper()
	r := bufio.NewReader(c)
	seen := 0
	read := func() {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", seen, err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || len(b) == 0 || res.StatusCode/100 != 2 {
			t.Fatalf("answer %d: %s, %q, %v", seen, res.Status, b, err)
		}
		seen++
	}
	go func() {
		for _, w := range writes {
			if _, err := io.WriteString(c, w); err != nil {
				return // the reader sees it
			}
			time.Sleep(pause)
		}
		if !await {
			c.(interface{ CloseWrite() error }).CloseWrite()
		}
	}()
	for seen < answers {
		read()
	}
	if await {
		c.(interface{ CloseWrite() error }).CloseWrite()
	}
	if b, err := io.ReadAll(r); err != nil || len(b) > 0 {
		t.Errorf("after the last answer: %q, %v", b, err)
	}
}
