package serve_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// introduced returns a client each of whose connections begins with text.
func introduced(t *testing.T, c *http.Client, text string) *http.Client {
	t.Helper()
	tr := c.Transport.(*http.Transport).Clone()
	dial := func(network, address string) (net.Conn, error) {
		nc, err := net.Dial(network, address)
		if err == nil {
			for i := range len(text) { // in many pieces
				_, _ = io.WriteString(nc, text[i:i+1])
			}
		}
		return nc, err
	}
	tr.Dial = dial //nolint:staticcheck // no context is needed
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: c.CheckRedirect}
}

// TestTrustProxy asks as proxies do, by every way to connect, in event loops and in goroutines. The
// access log has the client if the proxy is trusted, and else the proxy. What a client says that
// the proxy does not know is not taken for the proxy's word.
func TestTrustProxy(t *testing.T) {
	const proxyV1 = "PROXY TCP4 192.0.2.9 10.0.0.1 4660 443\r\n"
	nested := t.TempDir()
	files{"x": "x"}.write(t, nested)
	archive := files{"x": "x"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))
	for kind, o := range map[string]serve.Options{
		"loops":      {Archives: []serve.Archive{{Path: archive}}},
		"goroutines": {Fallback: nested, Nested: true},
	} {
		for trusted, list := range map[bool][]string{
			true: {"127.0.0.0/8", "unix"}, false: {"10.0.0.0/8"},
		} {
			var log lines
			o.AccessLog, o.TrustProxy = &log, list
			run := secured(t, "127.0.0.1:0", "http://127.0.0.1:0", "unix:"+filepath.Join(t.TempDir(), "s"))
			run.NoRedirect = true
			r := start(t, o, run)
			urls := map[string]string{"TLS": "https://" + r.addresses[0],
				"plain": "http://" + r.addresses[1]}
			for name, c := range map[string]*http.Client{
				"HTTP/1.1": unfollowed(t, func(p *http.Protocols) { p.SetHTTP1(true) }),
				"HTTP/2": unfollowed(t, func(p *http.Protocols) {
					p.SetUnencryptedHTTP2(true)
					p.SetHTTP2(true)
				}),
			} {
				for way, url := range urls {
					path := "/x?" + strings.Join([]string{way, name[5:]}, "-")
					askAs(t, c, url+path+"-field", "198.51.100.3, 192.0.2.3")
					if trusted {
						askAs(t, introduced(t, c, proxyV1), url+path+"-proxy", "192.0.2.3")
						askAs(t, introduced(t, c, "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"), url+path+"-local",
							"192.0.2.3")
						askAs(t, introduced(t, c, "PROXY UNKNOWN\r\n"), url+path+"-unknown", "192.0.2.3")
					}
				}
			}
			socket := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
				//nolint:staticcheck // no context is needed
				Dial: func(string, string) (net.Conn, error) { return net.Dial("unix", r.addresses[2]) }}}
			askAs(t, socket, "http://a/x?socket-field", "2001:db8::3")
			if err := r.stop(); err != nil { // the log is complete
				t.Fatal(err)
			}
			for line := range strings.Lines(log.String()) {
				want := "127.0.0.1 "
				switch {
				case trusted && strings.Contains(line, "socket-field"):
					want = "2001:db8::3 "
				case strings.Contains(line, "socket"):
					want = "- "
				case trusted && strings.Contains(line, "-proxy"):
					want = "192.0.2.9 "
				case trusted && !strings.Contains(line, "-unknown"):
					want = "192.0.2.3 "
				}
				if !strings.HasPrefix(line, want) || !strings.Contains(line, " 200 ") {
					t.Errorf("%s, trusted %t: not of %s: %s", kind, trusted, want, line)
				}
			}
			if n, want := strings.Count(log.String(), "\n"), 5+12*len(list[1:]); n != want {
				t.Errorf("%s, trusted %t: %d lines, not %d", kind, trusted, n, want)
			}
		}
	}
}

// askAs asks for a URL with X-Forwarded-For, and expects 200.
func askAs(t *testing.T, c *http.Client, url, forwardedFor string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", forwardedFor)
	resp, err := c.Do(req)
	if err != nil {
		t.Error(url, err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Error(url, resp.Status)
	}
}

// TestHostileIntroduction: what is no header, no complete one, or one of a peer that is not trusted
// ends the connection, within the timeout for headers, and does not stop others.
func TestHostileIntroduction(t *testing.T) {
	o := serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
		TrustProxy: []string{"127.0.0.1"}}
	run := serve.RunOptions{HeaderTimeout: 300 * time.Millisecond}
	trusting := start(t, o, run)
	o.TrustProxy = nil
	other := start(t, o, run)
	const request = "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	for sent, want := range map[string]string{
		request: "HTTP/1.1 200", "PROXY UNKNOWN\r\n" + request: "HTTP/1.1 200",
		"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n" + request: "HTTP/1.1 200",
		"PROXY TCP4 x\r\n" + request:                      "",
		"PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n" + request:    "HTTP/1.1 400",
		"PROXY TCP4 192.0.2.1":                            "",
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff":          "",
		"P":                                               "",
	} {
		if got := trusting.raw(t, sent, 10*time.Second); !strings.HasPrefix(got, want) ||
			want == "" && got != "" {
			t.Errorf("%q: %.60q", sent, got)
		}
		if got := other.raw(t, sent, 10*time.Second); strings.HasPrefix(sent, "PROXY") &&
			strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("%q, not trusted: %.60q", sent, got)
		}
	}
}

// TestConnectionsOfClients: connections by a trusted proxy count for its clients, of IPv6 by their
// networks.
func TestConnectionsOfClients(t *testing.T) {
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
		TrustProxy: []string{"127.0.0.1"}}, serve.RunOptions{MaxConnsPerIP: 1})
	ask := func(source string) bool {
		t.Helper()
		c, err := net.Dial("tcp", r.addresses[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(c, source+"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && resp.StatusCode == 200
	}
	for _, c := range []struct {
		source string
		want   bool
	}{
		{"", true}, {"", true}, // the proxy's own
		{"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n", true}, {"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n", false},
		{"PROXY TCP4 192.0.2.2 10.0.0.1 1 2\r\n", true},
		{"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", true}, {"PROXY TCP6 2001:db8::2 ::1 1 2\r\n", false},
		{"PROXY TCP6 2001:db8:0:1::2 ::1 1 2\r\n", true},
	} {
		if got := ask(c.source); got != c.want {
			t.Errorf("%q: %t", c.source, got)
		}
	}
}

// TestForwardedProto: a trusted proxy's scheme decides about the redirect, also in Forwarded. The
// http.Handler of a program heeds the client, too.
func TestForwardedProto(t *testing.T) {
	o := serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}},
		TrustProxy: []string{"127.0.0.1"}}
	run := secured(t, "http://127.0.0.1:0", "https://127.0.0.1:0")
	c := unfollowed(t, func(p *http.Protocols) { p.SetHTTP1(true) })
	for _, forwarded := range []bool{false, true} {
		o.ProxyForwarded = forwarded
		r := start(t, o, run)
		for field, status := range map[string][2]int{
			"X-Forwarded-Proto: https": {200, 301}, "X-Forwarded-Proto: http": {301, 301},
			"Forwarded: for=192.0.2.1;proto=https": {301, 200}, "X-Forwarded-Proto: x": {301, 301},
			// The client has sent the one on the left, unless a second proxy has added one.
			"X-Forwarded-Proto: https, http":                                       {301, 301},
			"X-Forwarded-Proto: https, http|X-Forwarded-For: 192.0.2.1":            {301, 301},
			"X-Forwarded-Proto: https, http|X-Forwarded-For: 192.0.2.1, 127.0.0.1": {200, 301},
			"X-Forwarded-Proto: http, https":                                       {200, 301},
		} {
			req, err := http.NewRequest("GET", "http://"+r.addresses[0]+"/file", nil)
			if err != nil {
				t.Fatal(err)
			}
			for one := range strings.SplitSeq(field, "|") {
				name, value, _ := strings.Cut(one, ": ")
				req.Header.Set(name, value)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if want := status[map[bool]int{true: 1}[forwarded]]; resp.StatusCode != want {
				t.Errorf("%s, forwarded %t: %d", field, forwarded, resp.StatusCode)
			}
		}
	}
	var log lines
	o.AccessLog, o.ProxyForwarded = &log, false
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("GET", "/file", nil)
	req.RemoteAddr = "127.0.0.1:1"
	req.Header.Set("X-Forwarded-For", "192.0.2.3")
	req.TLS = &tls.ConnectionState{}
	s.Handler().ServeHTTP(httptest.NewRecorder(), req)
	s.Close()
	if !strings.HasPrefix(log.String(), "192.0.2.3 ") {
		t.Error(log.String())
	}
	o.TrustProxy = []string{"10.0.0.1/8"}
	if _, err := serve.New(o); err == nil || !strings.Contains(err.Error(), "write 10.0.0.0/8") {
		t.Error(err)
	}
}

// TestSchemeOfRules: rules of a site for http:// hold for what a client asks for without TLS. Only
// a trusted proxy can say otherwise.
func TestSchemeOfRules(t *testing.T) {
	name := files{"x": "x", "_redirects": "http://a.example/* https://a.example/:splat 301!\n"}.pack(t,
		filepath.Join(t.TempDir(), "a.tar.gz"))
	o := serve.Options{Archives: []serve.Archive{{Path: name}}}
	for _, trust := range [][]string{nil, {"10.0.0.1"}, {"127.0.0.1"}} {
		o.TrustProxy = trust
		r := start(t, o)
		for fields, behind := range map[string]int{
			"": 301, "X-Forwarded-Proto: https\r\n": 200, "X-Forwarded-Proto: http\r\n": 301,
			"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n": 301,
		} {
			want := 301
			if len(trust) > 0 && trust[0] == "127.0.0.1" {
				want = behind
			}
			got := r.raw(t, "GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"+fields+"\r\n",
				10*time.Second)
			if !strings.HasPrefix(got, "HTTP/1.1 "+strconv.Itoa(want)) {
				t.Errorf("%q, trusted %v: %.40q, want %d", fields, trust, got, want)
			}
		}
	}
}
