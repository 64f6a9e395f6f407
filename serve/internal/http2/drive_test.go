package http2

import (
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/respond"
)

// drivers are the ways to drive a connection. Each returns a function that makes the connection
// look at Server.Draining. done is closed when the connection has ended.
var drivers = map[string]func(t *testing.T, s *Server, nc net.Conn, done chan struct{}) func(){
	"goroutine": func(_ *testing.T, s *Server, nc net.Conn, done chan struct{}) func() {
		go func() {
			s.Serve(nc, &respond.Peer{}, nil)
			_ = nc.Close()
			close(done)
		}()
		return func() { _ = nc.SetReadDeadline(time.Unix(1, 0)) }
	},
}

// drive calls test with the client's side of a connection for each driver.
func drive(t *testing.T, s *Server, test func(t *testing.T, nc net.Conn, interrupt func())) {
	driveUntil(t, s, func(t *testing.T, nc net.Conn, interrupt func(), _ chan struct{}) {
		test(t, nc, interrupt)
	})
}

// driveUntil is drive with a channel that is closed when the connection has ended.
func driveUntil(t *testing.T, s *Server,
	test func(t *testing.T, nc net.Conn, interrupt func(), done chan struct{})) {
	for name, start := range drivers {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			client, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			server, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_ = client.SetDeadline(time.Now().Add(60 * time.Second))
			done := make(chan struct{})
			test(t, client, start(t, s, server, done), done)
			_ = client.Close()
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Error("the connection does not end")
			}
		})
	}
}

// client returns Go's client on a connection.
func client(t *testing.T, nc net.Conn) *http.ClientConn {
	t.Helper()
	var p http.Protocols
	p.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &p, DisableCompression: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return nc, nil },
	}
	c, err := transport.NewClientConn(t.Context(), "http", "a:80")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fetch sends a request, and returns its status and body.
func fetch(ctx context.Context, c *http.ClientConn, target string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a"+target, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	res, err := c.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// TestClients sends requests from several goroutines at once, some of which are cancelled.
func TestClients(t *testing.T) {
	s := newServer(t, site())
	drive(t, s, func(t *testing.T, nc net.Conn, _ func()) {
		c := client(t, nc)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				g := mathrand.New(mathrand.NewPCG(3, uint64(i)))
				for range 30 {
					name := []string{"a.txt", "page.html", "long.txt", "noise.bin", "middle.bin", "d/file",
						"empty"}[g.IntN(7)]
					ctx, cancel := context.WithCancel(t.Context())
					if g.IntN(4) == 0 {
						go cancel()
					}
					status, body, err := fetch(ctx, c, "/"+name)
					if err == nil && (status != 200 || body != site()[name]) {
						err = fmt.Errorf("%d, %d bytes", status, len(body))
					}
					if err != nil && !errors.Is(err, context.Canceled) {
						t.Errorf("%s: %v", name, err)
					}
					cancel()
				}
			})
		}
		all.Wait()
	})
}

// TestShutdown: a download under way finishes, and then the connection ends.
func TestShutdown(t *testing.T) {
	s := newServer(t, site())
	defer s.Draining.Store(false)
	drive(t, s, func(t *testing.T, nc net.Conn, interrupt func()) {
		s.Draining.Store(false)
		r, _ := http.NewRequest(http.MethodGet, "http://a/noise.bin", http.NoBody)
		res, err := client(t, nc).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		s.Draining.Store(true)
		interrupt()
		if b, err := io.ReadAll(res.Body); err != nil || string(b) != site()["noise.bin"] {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		interrupt()
		for start := time.Now(); ; { // Go's client closes it after GOAWAY
			if _, err := nc.Write(nil); err != nil {
				break
			}
			if time.Since(start) > 20*time.Second {
				t.Fatal("the connection does not end")
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// TestNeverReads: a client that sends requests, or PING frames, and reads nothing is cut off.
// Another one is answered meanwhile.
func TestNeverReads(t *testing.T) {
	s := newServer(t, site())
	s.WriteTimeout = 300 * time.Millisecond
	for name, write := range map[string]func(p *peer, id uint32){
		"requests": func(p *peer, id uint32) { p.headers(id, true, get("/middle.bin")...) },
		"PING": func(p *peer, id uint32) {
			_ = p.frames.WritePing(false, [8]byte{})
			if id%101 == 1 {
				p.headers(id, true, get("/a.txt")...)
			}
		},
	} {
		drive(t, s, func(t *testing.T, nc net.Conn, _ func()) {
			p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
			_ = p.frames.WriteWindowUpdate(0, 1<<30)
			var err error
			for id := uint32(1); err == nil; {
				for range 100 {
					write(p, id)
					id += 2
				}
				_, err = nc.Write(p.written.Bytes())
				p.written.Reset()
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: it was not cut off", name)
			}
		})
	}
}

// TestReadsNothing: a client that asks for much, and then neither reads nor sends, is cut off.
// Nothing happens on the connection then.
func TestReadsNothing(t *testing.T) {
	s := newServer(t, site())
	s.WriteTimeout = 300 * time.Millisecond
	driveUntil(t, s, func(t *testing.T, nc net.Conn, _ func(), done chan struct{}) {
		_ = nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		p := newPeer(t, s, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
		_ = p.frames.WriteWindowUpdate(0, 1<<30)
		for id := uint32(1); id < 200; id += 2 {
			p.headers(id, true, get("/noise.bin")...)
		}
		if _, err := nc.Write(p.written.Bytes()); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Error("it was not cut off")
		}
	})
}

// TestSlowly: a client that sends a byte at a time gets its answers, until a head takes too long.
func TestSlowly(t *testing.T) {
	s := newServer(t, site())
	s.HeaderTimeout = 500 * time.Millisecond
	drive(t, s, func(t *testing.T, nc net.Conn, _ func()) {
		p := newPeer(t, s)
		p.headers(1, true, get("/a.txt")...)
		for _, b := range p.written.Bytes() {
			if _, err := nc.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = nc.Write([]byte{0, 0, 8}) // of a frame that never ends
		b, err := io.ReadAll(nc)
		if err != nil || !strings.Contains(string(b), "hello, world") {
			t.Errorf("%q, %v", b, err)
		}
	})
}
