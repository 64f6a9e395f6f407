package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/nethttp"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
	"github.com/tarpack/tpk/serve/internal/servetest"
)

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) // as tpk does: an event loop for each processor
	os.Exit(m.Run())
}

// newEngine serves files by path.
func newEngine(t testing.TB, files map[string]string, o plan.Options) *testEngine {
	t.Helper()
	r := servetest.Responder(t, files, o)
	e := New(Config{Responder: r})
	t.Cleanup(e.Close)
	return &testEngine{e, r}
}

// testEngine is an Engine with what it answers from.
type testEngine struct {
	*Engine
	responder *respond.Responder
}

// handler returns an http.Handler with the Engine's answers.
func (e *testEngine) handler() http.Handler {
	return &nethttp.Handler{Responder: e.responder, WriteTimeout: DefaultWriteTimeout}
}

const browser = "Host: example.com\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; " +
	"Linux x86_64)\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br, " +
	"zstd\r\nAccept-Language: en\r\n\r\n"

// TestSocketAllocates: a usual request over a real connection costs no allocation, the runtime's
// share included.
func TestSocketAllocates(t *testing.T) {
	if raceDetector {
		t.Skip("allocations are counted without the race detector")
	}
	e := newEngine(t, map[string]string{"a.html": strings.Repeat("some text that gets smaller, ",
		200)}, plan.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go e.Serve(ln, Via{})
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

// TestContentIsNoRequest: the content of a request is never answered as a request.
func TestContentIsNoRequest(t *testing.T) {
	e := newEngine(t, map[string]string{"small": "small", "large": strings.Repeat("text ", 50_000)},
		plan.Options{})
	for network, dial := range transports(t, e) {
		t.Run(network, func(t *testing.T) { testContentIsNoRequest(t, dial) })
	}
}

func testContentIsNoRequest(t *testing.T, dial func() net.Conn) {
	const inner = "GET /small HTTP/1.1\r\nHost: inner\r\n\r\n"
	for _, content := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(inner), inner),
		fmt.Sprintf(
			"Expect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n%s", len(
				inner), inner),
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
			resp, err := http.ReadResponse(r,
				&http.Request{Method: request[:strings.IndexByte(request, ' ')]})
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
