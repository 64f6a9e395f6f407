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
	"github.com/tarpack/tpk/serve/internal/http2"
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
	if err := s.Add(l, &Via{}).Answer(); err != io.EOF {
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
	_ = s.Add(l, &Via{}).Answer()
	if got := string(l.buf); !strings.HasPrefix(got, "HTTP/1.1 500 ") ||
		!strings.HasSuffix(got, "500 Internal Server Error\n") {
		t.Errorf("%q", got)
	}
	if len(logged) != 1 || logged[0].Error() != `GET "/folder/": unexpected EOF` {
		t.Error(logged)
	}
}

// TestUpgrade: after the preface of HTTP/2, in one piece or two, a connection goes on as HTTP/2, in
// a goroutine and in a loop. It counts as open until it ends.
func TestUpgrade(t *testing.T) {
	const preface = http2.Preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // empty SETTINGS
	for _, loop := range []bool{false, true} {
		for _, first := range []int{5, 20, len(preface)} {
			s := newServer(t, map[string]string{"a": "a"}, plan.Options{})
			s.H2C = true
			client, c := connect(t, s)
			if !loop || !c.ToLoop() {
				go c.Serve()
			}
			_, _ = io.WriteString(client, preface[:first])
			_, _ = io.WriteString(client, preface[first:])
			settings := make([]byte, 9+3*6+9)
			if _, err := io.ReadFull(client, settings); err != nil || settings[3] != 4 ||
				settings[9+3*6+3] != 4 {
				t.Errorf("loop %t: %q, %v", loop, settings, err)
			}
			if n := s.Open(); n != 1 {
				t.Errorf("loop %t: %d connections", loop, n)
			}
			_ = client.Close()
			for s.Open() > 0 { // it is closed in another goroutine
				time.Sleep(time.Millisecond)
			}
			s.End()
		}
	}
}

// TestNoUpgrade: without H2C the preface is answered with 505.
func TestNoUpgrade(t *testing.T) {
	s := newServer(t, map[string]string{"a": "a"}, plan.Options{})
	client, c := connect(t, s)
	go c.Serve()
	_, _ = io.WriteString(client, http2.Preface)
	_ = client.(*net.TCPConn).CloseWrite()
	if res, err := http.ReadResponse(bufio.NewReader(client), nil); err != nil ||
		res.StatusCode != 505 {
		t.Errorf("%v, %v", res, err)
	}
	_, _ = io.Copy(io.Discard, client)
	for s.Open() > 0 { // it is closed in another goroutine
		time.Sleep(time.Millisecond)
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
	return client, s.Add(server, &Via{})
}
