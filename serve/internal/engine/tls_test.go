package engine

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// dialPlain connects to a server of TLS, and sends nothing.
func dialPlain(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// ended waits for the end of a connection.
func ended(t *testing.T, what string, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: the connection does not end", what)
	}
}

// TestHandshakeTimeout: a client that stalls in the handshake, or speaks something else, is cut
// off. Others are answered meanwhile.
func TestHandshakeTimeout(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "hello, world"}, plan.Options{})
	short := New(Config{Responder: e.responder, HeaderTimeout: 3 * time.Second})
	defer short.Close()
	address := listenTLS(t, &testEngine{Engine: short})
	hello := clientHello(t)
	stalled := map[string]net.Conn{}
	for name, sent := range map[string]string{
		"nothing": "", "a byte": hello[:1], "half of a hello": hello[:len(hello)/2], "a hello": hello,
		"plain HTTP": "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "SSL 2": "\x80\x2e\x01\x00\x02",
		"a long record": "\x16\x03\x01\xff\xff" + strings.Repeat("x", 100),
	} {
		stalled[name] = dialPlain(t, address)
		_, _ = io.WriteString(stalled[name], sent)
	}
	other, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_, _ = io.WriteString(other, "GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if b, err := io.ReadAll(other); err != nil || !strings.HasSuffix(string(b), "hello, world") {
		t.Errorf("meanwhile: %q, %v", b, err)
	}
	for name, c := range stalled {
		ended(t, name, c)
	}
	until(t, "connections are left", func() bool { return short.http1.Open() == 0 })
}

// TestPlainRequest: a request without TLS gets an answer that says so. Other bytes get none.
func TestPlainRequest(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "hello, world"}, plan.Options{})
	address := listenTLS(t, e)
	for sent, want := range map[string]int{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n": 400, "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n": 400,
		"DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n": 400, "PATCH /a HTTP/1.1\r\nHost: a\r\n\r\n": 400,
		"GET http://a/ HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n": 400,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                  0,
		"hello":                                                                             0,
		"A very long name":                                                                  0,
	} {
		c := dialPlain(t, address)
		_, _ = io.WriteString(c, sent)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if want == 0 {
			if err == nil {
				t.Errorf("%q: %s", sent, res.Status)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", sent, err)
			continue
		}
		b, err := io.ReadAll(res.Body)
		if res.StatusCode != want || err != nil || !strings.Contains(string(b), "https") {
			t.Errorf("%q: %s, %q, %v", sent, res.Status, b, err)
		}
		ended(t, sent, c)
	}
}

// clientHello returns what a client sends first.
func clientHello(t *testing.T) string {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		_ = tls.Client(b, &tls.Config{InsecureSkipVerify: true}).Handshake()
	}()
	hello := make([]byte, 64<<10)
	n, err := a.Read(hello)
	if err != nil {
		t.Fatal(err)
	}
	return string(hello[:n])
}

// TestHandshakesCount: connections count from accept, not from the end of the handshake.
func TestHandshakesCount(t *testing.T) {
	e := newEngine(t, map[string]string{"a.txt": "hello"}, plan.Options{})
	two := New(Config{Responder: e.responder, MaxConns: 2})
	defer two.Close()
	address := listenTLS(t, &testEngine{Engine: two})
	first, second := dialPlain(t, address), dialPlain(t, address)
	until(t, "the connections are not there", func() bool { return two.http1.Open() == 2 })
	ended(t, "one too many", dialPlain(t, address))
	_ = first.Close()
	_ = second.Close()
	until(t, "connections are left", func() bool { return two.http1.Open() == 0 })
}

// TestNeverReads: a client that sends requests all the time and reads nothing is cut off after
// WriteTimeout, whatever the answers are.
func TestNeverReads(t *testing.T) {
	e := pipelineEngine(t)
	short := New(Config{Responder: e.responder, WriteTimeout: 300 * time.Millisecond})
	defer short.Close()
	dials := map[string]func() net.Conn{
		"tcp": listen(t, &testEngine{Engine: short}, "tcp", "127.0.0.1:0"),
		"tls": dialTLS(t, &testEngine{Engine: short}),
	}
	for network, dial := range dials {
		for _, path := range []string{"/small.txt", "/text.txt", "/noise"} {
			c := dial()
			request := strings.Repeat("GET "+path+
				" HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", 50)
			var err error
			for err == nil {
				_, err = io.WriteString(c, request)
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s %s: it was not cut off", network, path)
			}
			_ = c.Close()
		}
	}
	until(t, "connections are left", func() bool { return short.http1.Open() == 0 })
}

// TestIdleGoroutines: connections that wait for a request have no goroutine.
func TestIdleGoroutines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("event loops are for Linux so far")
	}
	e := newEngine(t, map[string]string{"a.txt": "hello"}, plan.Options{})
	dial := dialTLS(t, e)
	const many = 40
	before := runtime.NumGoroutine()
	for range many {
		c := dial()
		defer c.Close()
		_, _ = io.WriteString(c, "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "goroutines are left", func() bool { return runtime.NumGoroutine() < before+many/2 })
	if n := e.http1.Open(); n != many {
		t.Errorf("%d connections", n)
	}
}
