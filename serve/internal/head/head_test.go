package head

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// FuzzHead compares with net/http: what Parse accepts, Go reads as the same request.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD /x?y HTTP/1.0\r\n\r\n", "GET /a%20b " +
			"HTTP/1.1\r\nhost:a:80\r\nRange: bytes=0-1\r\nAccept-Encoding: " +
			"gzip\r\naccept-encoding: br\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "POST / HTTP/1.1\r\nHost: " +
			"a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x\r\nContent-Length: 0\r\n\r\n",
		"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX : " +
			"y\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\r\n\r\n",
		"T / HTTP/1.9\r\nHost: a\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p plan.Request
		b, h, ok := accepted(b, &p)
		if !ok {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			// Targets, and the syntax of hosts, are the planner's to refuse.
			if s := err.Error(); strings.Contains(s, "parse ") ||
				strings.Contains(s, "invalid URI") || strings.Contains(s, "malformed Host") {
				return
			}
			t.Fatalf("%q: net/http: %v", b, err)
		}
		// A higher minor version gets what 1.1 gets (RFC 9112 §2.3).
		if r.Method != p.Method || r.RequestURI != p.Target || r.ProtoMajor != 1 ||
			min(r.ProtoMinor, 1) != int(h.Minor) {
			t.Fatalf("%q: %s %s, net/http: %s %s %s", b, p.Method, p.Target, r.Method, r.RequestURI, r.Proto)
		}
		if body := r.ContentLength != 0 || len(r.TransferEncoding) > 0; body != h.Content {
			t.Fatalf("%q: content %v, net/http: %d %v", b, h.Content, r.ContentLength, r.TransferEncoding)
		}
		for name, got := range map[string]string{
			"Range": p.Range, "If-Range": p.IfRange, "If-Match": p.IfMatch,
			"If-None-Match": p.IfNoneMatch, "If-Modified-Since": p.IfModifiedSince,
			"Accept-Encoding": p.AcceptEncoding, "Origin": p.Origin,
		} {
			if want := strings.Join(r.Header.Values(name), ", "); strings.Trim(got,
				", ") != strings.Trim(want, ", ") {
				t.Fatalf("%q: %s: %q, net/http: %q", b, name, got, want)
			}
		}
	})
}

// HTTP/1.1 keeps a connection open unless it is told to close it, HTTP/1.0 only if it is told so.
func TestClose(t *testing.T) {
	for _, c := range []struct {
		version, connection string
		closes              bool
	}{
		{"1.1", "", false}, {"1.1", "Connection: close\r\n", true},
		{"1.1", "Connection: keep-alive, Close\r\n", true}, {"1.1", "Connection: x\r\n", false},
		{"1.1", "Connection: x\r\nconnection: close\r\n", true},
		{"1.0", "", true}, {"1.0", "Connection: Keep-Alive\r\n", false},
		{"1.0", "Connection: x, keep-alive\r\n", false}, {"1.0", "Connection: x\r\n", true},
		{"1.0", "Connection: keep-alive, close\r\n", true},
	} {
		head := "GET / HTTP/" + c.version + "\r\nHost: a\r\n" + c.connection + "\r\n"
		h := Parse([]byte(head), new(plan.Request), false)
		if h.Status != 0 || h.Close != c.closes {
			t.Errorf("%q: status %d, close %t", head, h.Status, h.Close)
		}
	}
}

func TestBadChunk(t *testing.T) {
	for content, bad := range map[string]bool{
		"": false, "5": false, "5\r": false, "5\r\nhello": false, "0\r\n\r\n": false,
		"aF;x=y\r\n": false, "5 \r\n": false, "1234567890abcdef": false,
		"zz\r\n": true, "\r\n": true, "-1\r\n": true, "5\n": true, "5\rx": true, "5,5\r\n": true,
		"1234567890abcdef0\r\n": true, "0x5\r\n": true,
	} {
		if BadChunk([]byte(content)) != bad {
			t.Errorf("%q: %v", content, !bad)
		}
	}
}

// accepted parses the head that b begins with. ok is false if Parse does not accept it.
func accepted(b []byte, r *plan.Request) (text []byte, h Head, ok bool) {
	end := bytes.Index(b, endOfHead)
	if end < 0 {
		return nil, h, false
	}
	b = b[:end+len(endOfHead)]
	h = Parse(b, r, true)
	return b, h, h.Status == 0 && !h.Preface
}
