package engine

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// pipelined are requests of all kinds, and whether the connection ends with the answer. With others
// before and after it on the connection, each gets the same answer as alone.
var pipelined = []struct {
	request string
	ends    bool
}{
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"HEAD /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"\r\nGET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /empty HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0,2-2\r\n\r\n", false},
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", false},
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"HEAD /text.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\nConnection: keep-alive\r\n\r\n",
		false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nTrailer: Content-Length\r\nTE: trailers\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n",
		false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=7-9\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=7-9,20-29,99-\r\n\r\n", false},
	{"HEAD /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=7-9,20-29\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=999999999-\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: " +
		"bytes=9223372036854775806-9223372036854775807\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999999999999999999999999\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=-99999999999999999999999999\r\n\r\n", false},
	{"GET /noise HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"HEAD /noise HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /noise HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", false},
	{"GET /noise HTTP/1.1\r\nHost: a\r\nRange: bytes=65530-65540,131060-140000\r\n\r\n", false},
	{"GET /noise HTTP/1.1\r\nHost: a\r\nRange: bytes=1-1300000\r\n\r\n", false},
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", false},
	{"HEAD /text.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n\r\n", false},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1,4-5\r\nIf-Range: \"x\"\r\n\r\n", false},
	{"OPTIONS /text.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"POST /text.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"DELETE /text.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false},
	{"GET /d HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /d/ HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /none%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET //d%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET http://b/text.txt HTTP/1.1\r\nHost: a\r\n\r\n", false},
	{"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
	{"GET /text.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false},
	{"GET /text.txt HTTP/1.0\r\nConnection: x, keep-alive\r\nExpect: 100-continue\r\n\r\n", false},
	{"HEAD /text.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
	{"GET /small.txt HTTP/1.0\r\nConnection: keep-alive\r\nIf-None-Match: *\r\n\r\n", false},
	{"POST /small.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
	{"OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
	{"GET /none HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},

	{"GET /text.txt HTTP/1.0\r\n\r\n", true},
	{"GET /text.txt HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", true},
	{"GET /text.txt HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", true},
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nGET / X", true},
	{"GET /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nGET / X", true},
	{"POST /small.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
	{"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", true},
	{"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", true},
	{"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", true},
	{"GET / HTTP/1.1\r\n\r\n", true},
	{"GET /text.txt HTTP/1.1\nHost: a\r\n\r\n", true},
	{"GET /text.txt HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", true},
}

var dateLine = regexp.MustCompile(`(?m)^Date: .*\r\n`)

// exchange sends bytes in pieces of at most max bytes, ends the stream, and returns everything that
// comes back except the dates.
func exchange(t *testing.T, c net.Conn, sent []byte, max int, rnd *mathrand.Rand) []byte {
	t.Helper()
	var writer sync.WaitGroup
	writer.Go(func() {
		for len(sent) > 0 {
			n := min(len(sent), 1+rnd.IntN(max))
			if _, err := c.Write(sent[:n]); err != nil {
				return // the server has ended the connection
			}
			sent = sent[n:]
		}
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	})
	defer writer.Wait()
	defer c.Close()
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("after %d bytes: %v", len(got), err)
	}
	return dateLine.ReplaceAll(got, nil)
}

// pipelineEngine serves content of all kinds.
func pipelineEngine(t *testing.T) *testEngine {
	noise := make([]byte, 1_400_000)
	g := mathrand.NewChaCha8([32]byte{1})
	_, _ = g.Read(noise)
	return newEngine(t, map[string]string{
		"small.txt": "small", "text.txt": strings.Repeat("some text ",
			12_000), "noise": string(noise), "empty": "",
		"d/index.html": "<title>d</title>", "d\r\nX: y/index.html": "a name with a line break",
	}, plan.Options{CORS: []string{"*"}})
}

// dialTLS serves by TLS, and returns what dials it.
func dialTLS(t *testing.T, e *testEngine) func() net.Conn {
	address := listenTLS(t, e)
	return func() net.Conn {
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
}

// listenTLS serves by TLS, and returns the address.
func listenTLS(t *testing.T, e *testEngine) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go e.Serve(ln, Via{TLS: &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}})
	return ln.Addr().String()
}

// TestPipelines sends random sequences of requests in random pieces over one connection. What comes
// back is, to the byte, the answers to each request alone, up to the first that ends the
// connection, and nothing else.
func TestPipelines(t *testing.T) {
	e := pipelineEngine(t)
	dials := transports(t, e)
	alone := make([][]byte, len(pipelined))
	for i, p := range pipelined {
		rnd := mathrand.New(mathrand.NewPCG(1, uint64(i)))
		for network, dial := range dials {
			got := exchange(t, dial(), []byte(p.request), len(p.request), rnd)
			if alone[i] == nil {
				alone[i] = got
			}
			if !bytes.Equal(got, alone[i]) || bytes.Count(got, []byte("HTTP/1.1 ")) != 1 ||
				bytes.Contains(got, []byte("\r\nConnection: close\r\n")) != p.ends {
				t.Errorf("%.200q over %s: %.300q, and %.300q", p.request, network, got, alone[i])
			}
		}
	}
	if t.Failed() {
		return
	}
	seeds := uint64(60)
	if raceDetector {
		seeds = 8 // it makes them ten times as slow
	}
	for seed := range seeds {
		for network, dial := range dials {
			rnd := mathrand.New(mathrand.NewPCG(2, seed))
			var sent, want []byte
			var names []string
			ended := false
			for range 1 + rnd.IntN(12) {
				i := rnd.IntN(len(pipelined))
				if pipelined[i].ends && rnd.IntN(4) > 0 { // else few sequences are long
					continue
				}
				names = append(names, fmt.Sprintf("%.120q", pipelined[i].request))
				sent = append(sent, pipelined[i].request...)
				if !ended {
					want = append(want, alone[i]...)
				}
				ended = ended || pipelined[i].ends
			}
			max := []int{7, 100, 1500, 1 << 20}[rnd.IntN(4)]
			if got := exchange(t, dial(), sent, max, rnd); !bytes.Equal(got, want) {
				at := 0
				for at < len(got) && at < len(want) && got[at] == want[at] {
					at++
				}
				t.Errorf(
					"seed %d, %s, pieces of %d, %s:\n%d bytes, want %d, differ at %d: %.200q, "+
						"want %.200q", seed, network, max, strings.Join(names, "\n"),
					len(got), len(want), at, got[at:], want[at:])
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		t.Errorf("connections were left: %v", err)
	}
}

// held keeps what is written while hold is set.
type held struct {
	net.Conn
	hold bool
	buf  []byte
}

func (h *held) Write(p []byte) (int, error) {
	if !h.hold {
		return h.Conn.Write(p)
	}
	h.buf = append(h.buf, p...)
	return len(p), nil
}

func (h *held) SetWriteDeadline(time.Time) error { return nil } // CloseWrite leaves one in the past

// TestEndWithRequest: with TLS 1.2, a request that comes in one piece with the end of the stream is
// answered.
func TestEndWithRequest(t *testing.T) {
	e := pipelineEngine(t)
	address := dialTLS(t, e)().RemoteAddr().String()
	for _, request := range []string{"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n"} {
		tcp, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = tcp.SetDeadline(time.Now().Add(20 * time.Second))
		h := &held{Conn: tcp}
		c := tls.Client(h, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		h.hold = true
		_, _ = io.WriteString(c, request)
		_ = c.CloseWrite()
		if _, err := tcp.Write(h.buf); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); err != nil || !bytes.HasPrefix(got, []byte("HTTP/1.1 200 OK\r\n")) {
			t.Errorf("%q: %.100q, %v", request, got, err)
		}
		_ = tcp.Close()
	}
}
