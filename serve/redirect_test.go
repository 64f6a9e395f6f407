package serve_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// unfollowed returns a client that follows no redirect, accepts any certificate, and speaks the
// given protocols.
func unfollowed(t *testing.T, set func(*http.Protocols)) *http.Client {
	t.Helper()
	var p http.Protocols
	set(&p)
	tr := &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// secured are options with a certificate.
func secured(t *testing.T, listen ...string) serve.RunOptions {
	t.Helper()
	certFile, keyFile := testCertificate(t)
	return serve.RunOptions{Listen: listen, H2C: true,
		Certificates: []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}}}
}

// TestRedirect: an address of http redirects to that of https, by every protocol. Challenges of
// ACME are answered, and so is everything with NoRedirect.
func TestRedirect(t *testing.T) {
	o := serve.Options{Archives: []serve.Archive{{Path: files{"x": "x",
		".well-known/acme-challenge/token": "proof"}.pack(t, filepath.Join(t.TempDir(), "a.tar.gz"))}}}
	clients := map[string]*http.Client{
		"HTTP/1.1": unfollowed(t, func(p *http.Protocols) { p.SetHTTP1(true) }),
		"HTTP/2": unfollowed(t, func(p *http.Protocols) {
			p.SetUnencryptedHTTP2(true)
			p.SetHTTP2(true)
		}),
	}
	status := func(c *http.Client, url string) (int, string) {
		t.Helper()
		resp, err := c.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Location")
	}
	both := []string{"http://127.0.0.1:0", "https://127.0.0.1:0/"}
	run := secured(t, both...)
	r := start(t, o, run)
	run.NoRedirect = true
	stays := start(t, o, run)
	run.NoRedirect, run.RedirectPort = false, 443
	port := start(t, o, run)
	old := start(t, o, secured(t, "127.0.0.1:0", "unix:"+filepath.Join(t.TempDir(), "s")))
	for name, c := range clients {
		for _, test := range []struct {
			url      string
			status   int
			location string
		}{
			{"http://" + r.addresses[0] + "/x?a=b", 301, "https://" + r.addresses[1] + "/x?a=b"},
			{"http://" + r.addresses[0] + "/.well-known/acme-challenge/token", 200, ""},
			{"https://" + r.addresses[1] + "/x", 200, ""},
			{"http://" + stays.addresses[0] + "/x", 200, ""},
			{"http://" + port.addresses[0] + "/x", 301, "https://127.0.0.1/x"},
			{"https://" + old.addresses[0] + "/x", 200, ""},
		} {
			if s, l := status(c, test.url); s != test.status || l != test.location {
				t.Errorf("%s %s: %d, %s", name, test.url, s, l)
			}
		}
	}
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _,
		_ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", old.addresses[1])
	}}}
	defer socket.CloseIdleConnections()
	if s, _ := status(socket, "http://a/x"); s != 200 {
		t.Error("unix socket:", s)
	}
}
