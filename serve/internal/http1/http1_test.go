package http1

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

// newServer serves files by path.
func newServer(t testing.TB, files map[string]string, o plan.Options) *Server {
	t.Helper()
	return New(Config{
		Responder: servetest.Responder(t, files,
			o), HeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeader: 16 << 10,
	})
}

// repeated is a connection on which the same request comes left times.
type repeated struct {
	request string
	left    int // how often it still comes
	written int
	buf     []byte // what was written: the last write, or all of it if keep is set
	keep    bool
}

func (l *repeated) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, net.ErrClosed
	}
	l.left--
	return copy(p, l.request), nil
}

func (l *repeated) Write(p []byte) (int, error) {
	l.written++
	if !l.keep {
		l.buf = l.buf[:0]
	}
	l.buf = append(l.buf, p...)
	return len(p), nil
}

func (l *repeated) Close() error                     { return nil }
func (l *repeated) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (l *repeated) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (l *repeated) SetDeadline(time.Time) error      { return nil }
func (l *repeated) SetReadDeadline(time.Time) error  { return nil }
func (l *repeated) SetWriteDeadline(time.Time) error { return nil }

const browser = "Host: example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; " +
	"Linux x86_64)\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br, " +
	"zstd\r\nAccept-Language: en\r\n\r\n"

// TestAllocations: the usual requests cost no allocation, and one write.
func TestAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("allocations are counted without the race detector")
	}
	page := strings.Repeat("some text that gets smaller, ", 200)
	s := newServer(t, map[string]string{"a.html": page, "d/index.html": page, "pic.png": "\x89PNG" +
		strings.Repeat("\x00\xff\x13", 3)}, plan.Options{CacheControl: "max-age=60"})
	for _, c := range []struct{ name, request, status string }{
		{"gzip", "GET /a.html HTTP/1.1\r\n" + browser, "200"},
		{"index", "GET /d/ HTTP/1.1\r\n" + browser, "200"},
		{"clean URL", "GET /a HTTP/1.1\r\n" + browser, "200"},
		{"stored", "GET /pic.png HTTP/1.1\r\n" + browser, "200"},
		{"head", "HEAD /a.html HTTP/1.1\r\n" + browser, "200"},
		{"missing", "GET /nothing.html HTTP/1.1\r\n" + browser, "404"},
	} {
		l := &repeated{request: c.request}
		conn := s.Add(l, &Via{})
		ask := func() {
			l.left = 1
			if err := conn.Answer(); err != net.ErrClosed {
				t.Fatal(c.name, err)
			}
		}
		ask()
		if got := string(l.buf[9:12]); got != c.status {
			t.Errorf("%s: %s", c.name, l.buf)
		}
		l.written = 0
		const runs = 200
		if n := testing.AllocsPerRun(runs, ask); n != 0 {
			t.Errorf("%s: %v allocations a request", c.name, n)
		}
		if l.written != runs+1 {
			t.Errorf("%s: %d writes for %d requests", c.name, l.written, runs+1)
		}
	}
}

// TestKinds: each kind of request is answered, whatever its body is made of.
func TestKinds(t *testing.T) {
	text := strings.Repeat("text ", 100_000)
	s := newServer(t, map[string]string{"a.txt": text}, plan.Options{})
	for _, c := range []struct {
		name, request string
		status        int
		body          string // "" for one that is not compared
	}{
		{"raw member", "GET /a.txt HTTP/1.1\r\n" + browser, 200, ""},
		{"inflated", "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, text},
		{"a small part of it", "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=3-9\r\n\r\n", 206,
			text[3:10]},
		{"two parts", "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=3-9,20-29\r\n\r\n", 206, ""},
		{"its head", "HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, ""},
		{"1.0", "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, text},
		{"missing", "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n", 404, ""},
	} {
		l := &repeated{request: c.request, left: 1, keep: true}
		if err := s.Add(l, &Via{}).Answer(); err != net.ErrClosed {
			t.Errorf("%s: %v", c.name, err)
		}
		method, _, _ := strings.Cut(c.request, " ")
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(l.buf)),
			&http.Request{Method: method})
		if err != nil {
			t.Errorf("%s: %v: %.200q", c.name, err, l.buf)
			continue
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != c.status || res.Close || c.body != "" &&
			string(body) != c.body {
			t.Errorf("%s: %s, close %t, %d bytes, %v", c.name, res.Status, res.Close, len(body), err)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	s := newServer(b, map[string]string{"a.html": strings.Repeat("some text that gets smaller, ",
		200)}, plan.Options{})
	l := &repeated{request: "GET /a.html HTTP/1.1\r\n" + browser}
	conn := s.Add(l, &Via{})
	b.ReportAllocs()
	l.left = b.N
	_ = conn.Answer()
}
