package engine

import (
	"bufio"
	"bytes"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestEnginesAgree sends odd requests as HTTP/1.1, as HTTP/1.0, and to the http.Handler if net/http
// accepts them. The answers are the same, except for the fields of the connection.
func TestEnginesAgree(t *testing.T) {
	e := pipelineEngine(t)
	dial := listen(t, e, "tcp", "127.0.0.1:0")
	ask := func(request, version, fields string) []byte {
		b := exchange(t, dial(), []byte(request+" HTTP/"+version+"\r\nHost: a\r\n"+fields+"\r\n"),
			1<<20, mathrand.New(mathrand.NewPCG(1, 1)))
		head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
		lines := strings.Split(string(head), "\r\n")
		keep := lines[:0]
		for _, l := range lines {
			if !strings.HasPrefix(l, "Connection:") {
				keep = append(keep, l)
			}
		}
		slices.Sort(keep[1:]) // their order is each engine's own
		return append([]byte(strings.Join(keep, "\r\n")+"\r\n\r\n"), body...)
	}
	handler := func(request, fields string) []byte {
		for _, s := range []string{"#", "http://?", "http:///", " :"} {
			if strings.Contains(request+fields, s) {
				return nil // net/http understands these, or leaves it to its server to refuse them
			}
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request +
			" HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")))
		if err != nil {
			return nil
		}
		w := httptest.NewRecorder()
		e.handler().ServeHTTP(w, r)
		var lines []string
		for name, values := range w.Header() {
			for _, v := range values {
				if v != "" {
					v = " " + v
				}
				lines = append(lines, name+":"+v)
			}
		}
		slices.Sort(lines)
		return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\n%s\r\n\r\n%s", w.Code, http.StatusText(w.Code),
			strings.ReplaceAll(strings.Join(lines, "\r\n"), "Etag:", "ETag:"), w.Body)
	}
	for _, request := range []string{
		"GET /", "GET /small.txt?a=b&&c", "GET /small.txt?", "GET /small.txt/", "GET //small.txt",
		"GET /./small.txt", "GET /d/../small.txt", "GET /d/%2e%2e/small.txt",
		"GET /d/..%2Fsmall.txt", "GET /%252e%252e/small.txt", "GET /small%2etxt",
		"GET /small.txt%00", "GET /small.txt%", "GET /small.txt%0", "GET /small.txt%zz",
		"GET /small.txt#x", "GET /\\..\\small.txt", "GET http://a/small.txt",
		"GET HTTP://a:80//d?x", "GET http://a", "GET http://?", "GET http:///small.txt",
		"GET small.txt", "GET *", "OPTIONS *", "OPTIONS /small.txt", "CONNECT a:80", "CONNECT /",
		"TRACE /small.txt", "PUT /small.txt", "get /small.txt", "HEAD /none", "HEAD /d",
		"GET /d", "GET //d", "GET ///d//", "GET /d?a=%0d%0ab", "GET /d%0d%0aX:%20y",
		"GET /d?a=\xff", "GET /\xff", "GET /\xc3\xbc", "GET /" + strings.Repeat("x/", 4000), "M-SEARCH /",
	} {
		if a, b := ask(request, "1.1", ""), ask(request, "1.0", ""); !bytes.Equal(a, b) || len(a) < 20 {
			t.Errorf("%.80q:\n1.1: %.400q\n1.0: %.400q", request, a, b)
		} else if h := handler(request, ""); h != nil && !bytes.Equal(a, h) {
			t.Errorf("%.80q:\nlane: %.500q\nHandler: %.500q", request, a, h)
		}
	}
	for _, fields := range []string{
		"", "X: \xff\x80\r\n", "X:\r\n", "X:\ty\t\r\n", "Range: bytes=0-0\r\n",
		"RANGE: bytes=0-0\r\n", "Range:bytes=0-0\r\nRange: bytes=2-2\r\n", "Range: bytes=-0\r\n",
		"Range: bytes=9-\r\n", "Range: bytes=\r\n", "Range: bytes=1-0\r\n", "Range: bytes=0-0,\r\n",
		"Range: BYTES = 0 - 1\r\n", "Range: bytes=0-18446744073709551616\r\n",
		"Range: bytes=18446744073709551616-\r\n", "Range: bytes=-9223372036854775808\r\n",
		"Range: bytes=0-0" + strings.Repeat(",0-0", 40) + "\r\n",
		"If-None-Match: \"x\", *\r\n", "If-None-Match: *\r\n", "If-None-Match:\r\n",
		"If-None-Match: \"x\"\r\nif-none-match: *\r\n",
		"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
		"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n", "Accept-Encoding:\r\n",
		"Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: *;q=0\r\n",
		"Accept-Encoding: x\r\nAccept-Encoding: gzip\r\n",
		"Origin: http://x\r\n", "Trailer: Host\r\n", "Content-Type: multipart/form-data\r\n",
		"Cookie: a;;=\"\r\n", "Expect: x\r\n", "Expect: 100-continue\r\n", "Content-Length: 0\r\n",
		"Transfer-Encoding:\r\n", "Upgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
		"Proxy-Connection: close\r\n", "User-Agent:\r\n", "Referer: \xff\r\n", "Content-Length : 3\r\n",
	} {
		for _, request := range []string{"GET /small.txt", "HEAD /small.txt", "GET /text.txt",
			"GET /empty", "GET /none", "OPTIONS /small.txt"} {
			if a, b := ask(request, "1.1", fields), ask(request, "1.0", fields); !bytes.Equal(a,
				b) || len(a) < 20 {
				t.Errorf("%s %.80q:\n1.1: %.400q\n1.0: %.400q", request, fields, a, b)
			} else if h := handler(request, fields); h != nil && !bytes.Equal(a, h) {
				t.Errorf("%s %.80q:\nlane: %.500q\nHandler: %.500q", request, fields, a, h)
			}
		}
	}
}
