package engine

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// FuzzHead compares with net/http: what the lane takes for a request without content, Go takes for the same one.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x?y HTTP/1.0\r\n\r\n", "GET /a%20b HTTP/1.1\r\nhost:a:80\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip\r\naccept-encoding: br\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nContent-Length: 0\r\n\r\n", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var j job
		b, h, ok := accepted(b, &j)
		if !ok {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			// Targets, and hosts by their look, are the planner's to refuse.
			if s := err.Error(); strings.Contains(s, "parse ") || strings.Contains(s, "invalid URI") || strings.Contains(s, "malformed Host") {
				return
			}
			t.Fatalf("%q: net/http: %v", b, err)
		}
		if r.Method != j.Method || r.RequestURI != j.Target || r.ProtoMajor != 1 || r.ProtoMinor != int(h.minor) {
			t.Fatalf("%q: %s %s, net/http: %s %s %s", b, j.Method, j.Target, r.Method, r.RequestURI, r.Proto)
		}
		if body := r.ContentLength != 0 || len(r.TransferEncoding) > 0; body != h.body {
			t.Fatalf("%q: content %v, net/http: %d %v", b, h.body, r.ContentLength, r.TransferEncoding)
		}
		for name, got := range map[string]string{
			"Range": j.Range, "If-Range": j.IfRange, "If-Match": j.IfMatch, "If-None-Match": j.IfNoneMatch, "If-Modified-Since": j.IfModifiedSince,
			"Accept-Encoding": j.AcceptEncoding, "Origin": j.Origin,
		} {
			if want := strings.Join(r.Header.Values(name), ", "); strings.Trim(got, ", ") != strings.Trim(want, ", ") {
				t.Fatalf("%q: %s: %q, net/http: %q", b, name, got, want)
			}
		}
	})
}

func TestBadChunk(t *testing.T) {
	for content, bad := range map[string]bool{
		"": false, "5": false, "5\r": false, "5\r\nhello": false, "0\r\n\r\n": false, "aF;x=y\r\n": false, "5 \r\n": false, "1234567890abcdef": false,
		"zz\r\n": true, "\r\n": true, "-1\r\n": true, "5\n": true, "5\rx": true, "5,5\r\n": true, "1234567890abcdef0\r\n": true, "0x5\r\n": true,
	} {
		if badChunk([]byte(content)) != bad {
			t.Errorf("%q: %v", content, !bad)
		}
	}
}

// accepted parses the head that b begins with; it is not ok if there is none that the lane takes.
func accepted(b []byte, j *job) (text []byte, h head, ok bool) {
	end := bytes.Index(b, endOfHead)
	if end < 0 {
		return nil, h, false
	}
	b = b[:end+len(endOfHead)]
	h = parseHead(b, j, true)
	return b, h, h.status == 0 && !h.preface
}
