package http1

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
)

// TestAccess: what the access log gets of requests, also of those that are rejected.
func TestAccess(t *testing.T) {
	s := newServer(t, map[string]string{"a.txt": "hello"}, plan.Options{})
	var got []string
	s.Responder.Access = func(a *record.Access) {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s %d %d",
			a.Method, a.Target, a.Proto, a.Host, a.Referer, a.UserAgent, a.Status, a.Bytes))
	}
	s.Responder.Timing.Store(true)
	l := &repeated{request: "GET /a.txt HTTP/1.1\r\nHost: h\r\nReferer: r\r\nUser-Agent: u\r\n\r\n" +
		"HEAD /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
		"GET /b.txt HTTP/1.1\r\nHost: h\r\n\r\n" +
		"GET /a.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=1-2\r\n\r\n" +
		"nonsense\r\n\r\n", left: 1}
	if err := s.Add(l).Answer(); err != io.EOF {
		t.Error(err)
	}
	want := []string{
		"GET /a.txt HTTP/1.1 h r u 200 5",
		"HEAD /a.txt HTTP/1.0    200 0",
		"GET /b.txt HTTP/1.1 h   404 14",
		"GET /a.txt HTTP/1.1 h   206 2",
		"  HTTP/1.1    400 16",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	n, _ := s.Responder.Stats.Durations()
	total := uint64(0)
	for _, k := range n {
		total += k
	}
	if total != uint64(len(want)) {
		t.Errorf("%d answers were timed", total)
	}
}

// TestListingFails: an error while a listing is rendered is a 500, and is logged.
func TestListingFails(t *testing.T) {
	s := newServer(t, map[string]string{"folder/a": "a"}, plan.Options{Listing: true})
	var logged []error
	s.Responder.Errors.Log = func(err error) { logged = append(logged, err) }
	s.Responder.Lister = func(*plan.Request, *archives.View,
		*plan.Plan) error {
		return io.ErrUnexpectedEOF
	}
	l := &repeated{request: "GET /folder/ HTTP/1.1\r\nHost: h\r\n\r\n", left: 1, keep: true}
	_ = s.Add(l).Answer()
	if got := string(l.buf); !strings.HasPrefix(got, "HTTP/1.1 500 ") ||
		!strings.HasSuffix(got, "500 Internal Server Error\n") {
		t.Errorf("%q", got)
	}
	if len(logged) != 1 || logged[0].Error() != `GET "/folder/": unexpected EOF` {
		t.Error(logged)
	}
}

// TestUpgrade: the preface of HTTP/2 is handed over with what follows it, by a goroutine and from a
// loop. The connection counts as open until Upgraded is called.
func TestUpgrade(t *testing.T) {
	const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nframes"
	for _, loop := range []bool{false, true} {
		s := newServer(t, map[string]string{"a": "a"}, plan.Options{})
		s.H2C = true
		upgraded := make(chan net.Conn, 1)
		s.Upgrade = func(nc net.Conn) bool {
			upgraded <- nc
			return true
		}
		client, c := connect(t, s)
		if !loop || !c.ToLoop(nil) {
			go c.Serve()
		}
		_, _ = io.WriteString(client, preface)
		nc := <-upgraded
		b := make([]byte, len(preface))
		if _, err := io.ReadFull(nc, b); err != nil || string(b) != preface {
			t.Errorf("loop %t: %q, %v", loop, b, err)
		}
		_, _ = io.WriteString(nc, "answer")
		if _, err := io.ReadFull(client, b[:6]); err != nil || string(b[:6]) != "answer" {
			t.Errorf("loop %t: %q, %v", loop, b[:6], err)
		}
		if n := s.Open(); n != 1 {
			t.Errorf("loop %t: %d connections", loop, n)
		}
		_ = nc.Close()
		s.Upgraded(nc)
		if n := s.Open(); n != 0 {
			t.Errorf("loop %t: %d connections after the end", loop, n)
		}
		s.End()
	}
}

// TestNoUpgrade: without H2C the preface is answered with 505, and without an HTTP/2 server the
// connection ends.
func TestNoUpgrade(t *testing.T) {
	for _, h2c := range []bool{false, true} {
		s := newServer(t, map[string]string{"a": "a"}, plan.Options{})
		s.H2C, s.Upgrade = h2c, func(net.Conn) bool { return false }
		client, c := connect(t, s)
		go c.Serve()
		_, _ = io.WriteString(client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
		_ = client.(*net.TCPConn).CloseWrite()
		res, err := http.ReadResponse(bufio.NewReader(client), nil)
		if !h2c && (err != nil || res.StatusCode != 505) || h2c && err == nil {
			t.Errorf("H2C %t: %v, %v", h2c, res, err)
		}
		_, _ = io.Copy(io.Discard, client)
		for s.Open() > 0 { // it is closed in another goroutine
			time.Sleep(time.Millisecond)
		}
	}
}

// connect returns both sides of a connection of TCP.
func connect(t *testing.T, s *Server) (client net.Conn, c *Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, s.Add(server)
}
