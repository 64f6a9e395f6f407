package engine

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/nethttp"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/record"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/tarpack"
)

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) // as tpk does: an event loop for each processor
	os.Exit(m.Run())
}

// newEngine serves files by path.
func newEngine(t testing.TB, files map[string]string, o plan.Options) *testEngine {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "a.tar.gz")
	if _, err := tarpack.Pack(context.Background(), filepath.Join(dir, "tree"), name, tarpack.PackOptions{}); err != nil {
		t.Fatal(err)
	}
	lib, err := archives.NewLibrary(archives.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lib.Close)
	if err := lib.Load(context.Background(), []archives.Spec{{Path: name}}); err != nil {
		t.Fatal(err)
	}
	planner, err := plan.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &respond.Responder{Planner: planner, Library: lib, Errors: &record.Errors{Log: func(error) {}}}
	e := New(Config{Responder: r})
	t.Cleanup(e.Close)
	return &testEngine{e, r, lib}
}

// testEngine is an Engine, and what it answers with.
type testEngine struct {
	*Engine
	responder *respond.Responder
	library   *archives.Library
}

// handler answers as the Engine does, for net/http.
func (e *testEngine) handler() http.Handler {
	return &nethttp.Handler{Responder: e.responder, WriteTimeout: DefaultWriteTimeout}
}

// loop is a connection on which the same request comes again and again.
type loop struct {
	request string
	left    int // how often it is still to come
	written int
	buf     []byte // what was written: the last write, or all of it if keep is set
	keep    bool
}

func (l *loop) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, net.ErrClosed
	}
	l.left--
	return copy(p, l.request), nil
}

func (l *loop) Write(p []byte) (int, error) {
	l.written++
	if !l.keep {
		l.buf = l.buf[:0]
	}
	l.buf = append(l.buf, p...)
	return len(p), nil
}

func (l *loop) Close() error                     { return nil }
func (l *loop) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (l *loop) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (l *loop) SetDeadline(time.Time) error      { return nil }
func (l *loop) SetReadDeadline(time.Time) error  { return nil }
func (l *loop) SetWriteDeadline(time.Time) error { return nil }

const browser = "Host: example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en\r\n\r\n"

// TestLaneAllocates asserts that what most requests are costs no allocation and one write.
func TestLaneAllocates(t *testing.T) {
	if raceDetector {
		t.Skip("allocations are counted without the race detector")
	}
	page := strings.Repeat("some text that gets smaller, ", 200)
	e := newEngine(t, map[string]string{"a.html": page, "d/index.html": page, "pic.png": "\x89PNG" + strings.Repeat("\x00\xff\x13", 3)}, plan.Options{CacheControl: "max-age=60"})
	for _, c := range []struct{ name, request, status string }{
		{"gzip", "GET /a.html HTTP/1.1\r\n" + browser, "200"},
		{"index", "GET /d/ HTTP/1.1\r\n" + browser, "200"},
		{"clean URL", "GET /a HTTP/1.1\r\n" + browser, "200"},
		{"stored", "GET /pic.png HTTP/1.1\r\n" + browser, "200"},
		{"head", "HEAD /a.html HTTP/1.1\r\n" + browser, "200"},
		{"missing", "GET /nothing.html HTTP/1.1\r\n" + browser, "404"},
	} {
		l := &loop{request: c.request}
		conn := e.http1.Add(l)
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

// TestSocketAllocates asserts the same over a real connection, with all that the runtime does for it.
func TestSocketAllocates(t *testing.T) {
	if raceDetector {
		t.Skip("allocations are counted without the race detector")
	}
	e := newEngine(t, map[string]string{"a.html": strings.Repeat("some text that gets smaller, ", 200)}, plan.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go e.Serve(ln)
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request, answer := []byte("GET /a.html HTTP/1.1\r\n"+browser), make([]byte, 64<<10)
	length := 0
	ask := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		n := 0
		for n == 0 || n < length {
			k, err := c.Read(answer[n:])
			if n += k; err != nil {
				t.Fatal(err)
			}
		}
		length = n
	}
	for range 100 {
		ask()
	}
	if n := testing.AllocsPerRun(500, ask); n != 0 {
		t.Errorf("%v allocations a request", n)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 200 OK\r\n") {
		t.Errorf("%.200s", answer)
	}
}

// TestLaneAnswers checks that one reader of HTTP/1.x answers each kind of request, whatever its body is made of.
func TestLaneAnswers(t *testing.T) {
	text := strings.Repeat("text ", 100_000)
	e := newEngine(t, map[string]string{"a.txt": text}, plan.Options{})
	for _, c := range []struct {
		name, request string
		status        int
		body          string // "" for one that is not compared
	}{
		{"raw member", "GET /a.txt HTTP/1.1\r\n" + browser, 200, ""},
		{"inflated", "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, text},
		{"a small part of it", "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=3-9\r\n\r\n", 206, text[3:10]},
		{"two parts", "GET /a.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=3-9,20-29\r\n\r\n", 206, ""},
		{"its head", "HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 200, ""},
		{"1.0", "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, text},
		{"missing", "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n", 404, ""},
	} {
		l := &loop{request: c.request, left: 1, keep: true}
		if err := e.http1.Add(l).Answer(); err != net.ErrClosed {
			t.Errorf("%s: %v", c.name, err)
		}
		method, _, _ := strings.Cut(c.request, " ")
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(l.buf)), &http.Request{Method: method})
		if err != nil {
			t.Errorf("%s: %v: %.200q", c.name, err, l.buf)
			continue
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != c.status || res.Close || c.body != "" && string(body) != c.body {
			t.Errorf("%s: %s, close %t, %d bytes, %v", c.name, res.Status, res.Close, len(body), err)
		}
	}
}

func BenchmarkLane(b *testing.B) {
	e := newEngine(b, map[string]string{"a.html": strings.Repeat("some text that gets smaller, ", 200)}, plan.Options{})
	l := &loop{request: "GET /a.html HTTP/1.1\r\n" + browser}
	conn := e.http1.Add(l)
	b.ReportAllocs()
	l.left = b.N
	_ = conn.Answer()
}

// TestContentIsNoRequest: what a request has as its content is never answered, whoever answers the request.
func TestContentIsNoRequest(t *testing.T) {
	e := newEngine(t, map[string]string{"small": "small", "large": strings.Repeat("text ", 50_000)}, plan.Options{})
	dial := listen(t, e, "tcp", "127.0.0.1:0")
	const inner = "GET /small HTTP/1.1\r\nHost: inner\r\n\r\n"
	for _, content := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(inner), inner),
		fmt.Sprintf("Expect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s", len(inner), inner),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(inner), inner),
	} {
		for request, status := range map[string]int{
			"GET /large HTTP/1.1\r\n":                          200, // inflated as it is sent
			"GET /large HTTP/1.1\r\nAccept-Encoding: gzip\r\n": 200,
			"GET /large HTTP/1.1\r\nRange: bytes=0-1,4-5\r\n":  206,
			"GET /small HTTP/1.1\r\nRange: bytes=0-0,4-4\r\n":  206,
			"HEAD /large HTTP/1.1\r\n":                         200,
			"POST /large HTTP/1.1\r\n":                         405,
		} {
			c := dial()
			if _, err := io.WriteString(c, request+"Host: outer\r\n"+content+inner); err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			r := bufio.NewReader(c)
			resp, err := http.ReadResponse(r, &http.Request{Method: request[:strings.IndexByte(request, ' ')]})
			if err != nil {
				t.Fatalf("%q: %v", request+content, err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			if err != nil || resp.StatusCode != status || !resp.Close || n == int64(len("small")) {
				t.Errorf("%q: %s, %d bytes, %v, close %t", request+content, resp.Status, n, err, resp.Close)
			}
			if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
				t.Errorf("%q: then %q, %v", request+content, rest, err)
			}
		}
	}
}
