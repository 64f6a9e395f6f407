package serve_test

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// status returns the status of the first response that a server sent, or "".
func status(response string) string {
	line, _, _ := strings.Cut(response, "\r\n")
	if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[0], "HTTP/1.1") {
		return f[1]
	}
	return ""
}

// TestMalformed sends what is not a request, or what another program could read as two. None may be
// answered with 200, and none may leave the connection open for a request behind it.
func TestMalformed(t *testing.T) {
	t.Parallel()
	other, err := serve.New(serve.Options{Header: []serve.Field{{Name: "X-Frame-Options",
		Value: "DENY"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	rec := httptest.NewRecorder()
	other.Handler().ServeHTTP(rec, httptest.NewRequest("HEAD", "/", nil))
	if rec.Code != 503 || rec.Body.Len() != 0 || rec.Header().Get("X-Frame-Options") != "DENY" {
		t.Errorf("HEAD of a server that is not ready: %d %q %v", rec.Code, rec.Body, rec.Header())
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{HeaderTimeout: time.Second})
	const smuggled = "GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n"
	long := strings.Repeat("a", 20_000)
	for _, c := range []struct{ name, request, status string }{
		{"no version", "GET /\r\n\r\n", "400"},
		{"empty line only", "\r\n\r\n\r\n\r\n", "400"},
		{"version 0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "505"},
		{"version 3", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
		{"version 2 by text", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
		{"lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", "400"},
		{"version with more digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400"},
		{"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"space in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"tab as separator", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
		{"bad host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
		{"host with user", "GET / HTTP/1.1\r\nHost: x@a\r\n\r\n", "400"},
		{"port that is no number", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "400"},
		{"port without a host", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "400"},
		{"IPv6 without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", "400"},
		{"bad escape in the host", "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", "400"},
		{"unclosed bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"},
		{"authority with user", "GET http://x@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"authority with a bad port", "GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"authority without a host", "GET http://:80/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"LF only", "GET / HTTP/1.1\nHost: a\n\n", "400"},
		{"LF in one line", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", "400"},
		{"LF in the first line", "GET / HTTP/1.1\nHost: a\r\n\r\n" + smuggled, "400"},
		{"LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\n\n" + smuggled, "400"},
		{"LF and CRLF at its end", "GET / HTTP/1.1\r\nHost: a\n\r\n" + smuggled, "400"},
		{"CRLF and LF at its end", "GET / HTTP/1.1\r\nHost: a\r\n\n" + smuggled, "400"},
		{"LF before the head", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" + smuggled, "400"},
		{"CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", "400"},
		{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "400"},
		{"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\x00: b\r\n\r\n", "400"},
		{"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
		{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n", "400"},
		{"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"},
		{"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "400"},
		{"space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
		{"length and chunked",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: " +
				"chunked\r\n\r\n0\r\n\r\n" + smuggled, "400"},
		{"two lengths",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc" +
				smuggled, "400"},
		{"the same length twice",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc" +
				smuggled, "400"},
		{"list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc" +
			smuggled, "400"},
		{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc" + smuggled,
			"400"},
		{"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" + smuggled, "400"},
		{"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc" +
			smuggled, "400"},
		{"empty length", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n" + smuggled, "400"},
		{"huge length",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" + smuggled, "400"},
		{"chunk of no size",
			"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + smuggled, "400"},
		{"chunk of a negative size",
			"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n" + smuggled, "400"},
		{"chunk size that ends in LF",
			"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n" + smuggled, "400"},
		{"unknown coding",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
		{"chunked twice",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: " +
				"chunked\r\n\r\n0\r\n\r\n" + smuggled, "501"},
		{"chunked, identity",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" +
				smuggled, "501"},
		{"vertical tab before chunked",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" +
				smuggled, "400"},
		{"chunked in 1.0",
			"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, "400"},
		{"content in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + smuggled,
			"400"},
		{"content of a POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" +
			smuggled, "405"},
		{"content of a chunked POST",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
				"3\r\nabc\r\n0\r\n\r\n" + smuggled, "405"},
		{"chunk extensions",
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;\n\r\n\r\n" +
				smuggled, "405"},
		{"expectation",
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", "405"},
		{"long header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + long + "\r\n\r\n", "431"},
		{"long target", "GET /" + long + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
		{"long line without an end", "GET /" + long, "414"},
		{"long method", long + " / HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
		{"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: a\r\n", 5000) + "\r\n",
			"431"},
		{"TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400"},
		{"preface without h2c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
		{"authority as target", "GET example.com:80 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"control character in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
		{"unfinished", "GET / HTTP/1.1\r\nHost: a\r\n", "408"},
	} {
		began := time.Now()
		got := r.raw(t, c.request, 5*time.Second)
		if strings.Contains(got, "X-Frame-Options") { // another server of this process has it
			t.Errorf("%s: fields of another server: %q", c.name, got)
		}
		if status(got) != c.status {
			t.Errorf("%s: %q, want %s: %.200q", c.name, status(got), c.status, got)
		}
		if n := strings.Count(got, "HTTP/1.1 "); c.status != "400" && n > 1 ||
			strings.Contains(got, "line 1 of some text") && !strings.Contains(c.name, "target") {
			t.Errorf("%s: %d responses: what follows was taken for a request", c.name, n)
		}
		if d := time.Since(began); d > 4*time.Second {
			t.Errorf("%s: hung for %v", c.name, d)
		}
	}
}

// TestTooManyNames: an address with too many names says what to do. Without downloads there
// is nothing to do.
func TestTooManyNames(t *testing.T) {
	names := strings.Repeat("&name=some/file.html", 1000)
	o := listed(serve.Archive{Path: packedSite(t)})
	for _, c := range clients(t, o) {
		if c.name != "tcp" && c.name != "unix" && c.name != "tls" {
			continue // net/http has its own limits; of HTTP/2, package http2 has a test
		}
		resp, body := c.do(t, "GET", "/?list&download=zip"+names)
		if resp.StatusCode != 414 || !strings.Contains(body, "folders") ||
			strings.Count(body, "\n") != 1 {
			t.Errorf("%s: %d %q", c.name, resp.StatusCode, body)
		}
	}
	o.NoDownload = true
	if status, body := fetch(t, plainClient, start(t, o).url("/?list&download=zip"+names)); status !=
		414 || strings.Contains(body, "folders") {
		t.Errorf("without downloads: %d %q", status, body)
	}
}

// TestWellFormed sends what looks odd and is correct.
func TestWellFormed(t *testing.T) {
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	const last = "Connection: close\r\n\r\n"
	for _, c := range []struct {
		name, request string
		statuses      string
	}{
		{"one empty line before", "\r\nGET /file HTTP/1.1\r\nHost: a\r\n" + last, "200"},
		{"a later minor version is 1.1 (RFC 9112 §2.3)",
			"GET /file HTTP/1.2\r\nHost: a\r\n\r\nGET /file HTTP/1.9\r\nHost: [::1]:80\r\n" + last,
			"200 200"},
		{"absolute-form with an address", "GET http://[::1]:80/file HTTP/1.1\r\nHost: a\r\n" + last,
			"200"},
		{"absolute-form", "GET http://b/file HTTP/1.1\r\nHost: a\r\n" + last, "200"},
		{"empty host", "GET /file HTTP/1.1\r\nHost:\r\n" + last, "200"},
		{"names in any case, no space, trailing space",
			"GET /file HTTP/1.1\r\nhOST:a \t\r\nCONNECTION:close\r\nRANGE:bytes=0-1\r\n\r\n", "206"},
		{"raw UTF-8", "GET /\xc3\xbc%20\xc3\xb1%25.txt HTTP/1.1\r\nHost: a\r\n" + last, "200"},
		{"length 0", "GET /file HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n" + last, "200"},
		{"1.0", "GET /file HTTP/1.0\r\n\r\n", "200"},
		{"1.0 and a length of 0", "GET /file HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "200"},
		{"1.0 kept alive",
			"GET /file HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /about HTTP/1.0\r\n\r\n", "200 200"},
		{"1.0 HEAD", "HEAD /mid.txt HTTP/1.0\r\n\r\n", "200"},
		{"1.0 then 1.1",
			"GET /file HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
				"GET /about HTTP/1.1\r\nHost: a\r\n" + last, "200 200"},
		{"pipelined",
			"GET /file HTTP/1.1\r\nHost: a\r\n\r\nHEAD /mid.txt HTTP/1.1\r\nHost: a\r\n\r\nGET " +
				"/nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /about HTTP/1.1\r\nHost: a\r\n" +
				last, "200 200 404 200"},
		{"pipelined through both engines",
			"GET /mid.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\nRange: " +
				"bytes=0-1,3-4\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\nGET /big.txt " +
				"HTTP/1.1\r\nHost: a\r\n" +
				last, "200 206 200 200"},
		{"a GET with content ends the connection",
			"GET /file HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /about " +
				"HTTP/1.1\r\nHost: a\r\n\r\n", "200"},
		{"upgrade is not taken",
			"GET /file HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: " +
				"h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n" +
				last, "200 200"},
		{"options for the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n" + last, "204"},
		{"a header of many bytes", "GET /file HTTP/1.1\r\nHost: a\r\nCookie: " +
			strings.Repeat("c", 12_000) + "\r\n\r\nGET /mid.txt HTTP/1.1\r\nHost: a\r\nCookie: " +
			strings.Repeat("c", 12_000) + "\r\n" + last, "200 200"},
	} {
		got := r.raw(t, c.request, 10*time.Second)
		var statuses []string
		for rest := got; ; {
			i := strings.Index(rest, "HTTP/1.")
			if i < 0 {
				break
			}
			rest = rest[i+9:]
			statuses = append(statuses, rest[:3])
		}
		if s := strings.Join(statuses, " "); s != c.statuses {
			t.Errorf("%s: %s, want %s", c.name, s, c.statuses)
		}
	}
}

// TestRequestInPieces sends two requests in two pieces, cut at many places.
func TestRequestInPieces(t *testing.T) {
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	two := "GET /file HTTP/1.1\r\nHost: a\r\n\r\nGET /mid.txt HTTP/1.1\r\nHost: a\r\nRange: " +
		"bytes=5-9\r\nConnection: close\r\n\r\n"
	for cut := 1; cut < len(two); cut += 7 {
		c, err := net.Dial("tcp", r.addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = c.Write([]byte(two[:cut]))
		time.Sleep(2 * time.Millisecond)
		_, _ = c.Write([]byte(two[cut:]))
		b := make([]byte, 4096)
		n := 0
		for {
			k, err := c.Read(b[n:])
			if n += k; err != nil {
				break
			}
		}
		if got := string(b[:n]); !strings.Contains(got,
			"\r\n\r\n0123456789\nHTTP/1.1 206 Partial Content\r\n") ||
			!strings.HasSuffix(got, "\r\n\r\n"+site()["mid.txt"][5:10]) {
			t.Fatalf("cut at %d: %q", cut, got)
		}
		_ = c.Close()
	}
}

// TestSlowClients: clients that send nothing, send little, or take nothing are cut off.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
		WriteTimeout: 300 * time.Millisecond},
		serve.RunOptions{HeaderTimeout: 300 * time.Millisecond, IdleTimeout: 400 * time.Millisecond})
	closedWithin := func(name string, c net.Conn, limit time.Duration) {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(limit))
		b := make([]byte, 1<<16)
		for {
			if _, err := c.Read(b); err != nil {
				if ne, ok := err.(net.Error); ok && ne.Timeout() {
					t.Errorf("%s: still open after %v", name, limit)
				}
				return
			}
		}
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", r.addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	silent, drip, idle, greedy := dial(), dial(), dial(), dial()
	go func() {
		head := "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("Name: value\r\n", 100)
		for _, b := range []byte(head) { // two minutes
			if _, err := drip.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	_, _ = idle.Write([]byte("GET /file HTTP/1.1\r\nHost: a\r\n\r\n"))
	for range 30 { // more than all buffers on the way hold
		_, _ = greedy.Write([]byte("GET /film.mp4 HTTP/1.1\r\nHost: a\r\n\r\n"))
	}
	closedWithin("sends nothing", silent, 20*time.Second)
	closedWithin("sends a byte now and then", drip, 20*time.Second)
	closedWithin("sends no second request", idle, 20*time.Second)
	eventually(t, "all connections are closed", func() bool {
		rec := httptest.NewRecorder()
		r.AdminHandler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
		return strings.Contains(rec.Body.String(), "\ntpk_connections 0\n")
	})
	total := 0
	_ = greedy.SetReadDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 1<<16)
	for {
		n, err := greedy.Read(b)
		if total += n; err != nil {
			break
		}
	}
	if total >= 30*(3<<20) {
		t.Error("who takes nothing got everything")
	}
}
