package web_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/remote/web"
)

// TestProxyChild opens a URL in a process whose environment names proxies: it is read once.
func TestProxyChild(t *testing.T) {
	rawURL := os.Getenv("TEST_URL")
	if rawURL == "" {
		t.Skip("it is a part of TestProxy")
	}
	if err := open(t, rawURL, &web.Options{CAFile: os.Getenv("TEST_CA")}); err != nil {
		t.Fatal(err)
	}
}

// child runs TestProxyChild with an environment.
func child(rawURL string, env ...string) (string, error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxyChild$")
	cmd.Env = append(env, "TEST_URL="+rawURL)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Requests go through the proxies of the environment: http as it is, https in a tunnel.
func TestProxy(t *testing.T) {
	s, secure := remotetest.New(t, content), remotetest.NewTLS(t, content)
	s.Do(func(_ int, r *http.Request) remotetest.Fault {
		if r.Method == http.MethodConnect {
			return remotetest.Handle(tunnel(secure.Listener.Addr().String()))
		}
		return nil
	})
	proxy := withUser(s.URL, "me:secret")
	if out, err := child("http://archive.invalid"+remotetest.Path, "HTTP_PROXY="+proxy); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := child("https://example.com"+remotetest.Path, "HTTPS_PROXY="+proxy,
		"TEST_CA="+certificate(t, secure))
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if len(secure.Requests()) != 2 || len(s.Requests()) < 3 {
		t.Errorf("%d and %d requests", len(s.Requests()), len(secure.Requests()))
	}
	for _, r := range s.Requests() {
		if r.Header.Get("Proxy-Authorization") == "" {
			t.Errorf("%s: %v", r.Method, r.Header)
		}
	}
	for _, r := range secure.Requests() {
		if r.Header.Get("Proxy-Authorization") != "" || r.Host != "example.com" {
			t.Errorf("%s: %v", r.Host, r.Header)
		}
	}
	for _, bad := range []string{"http://me:secret@%zz", "ftp://me:secret@x", "http://me:secret@x:y"} {
		out, err := child("http://archive.invalid"+remotetest.Path, "HTTP_PROXY="+bad)
		if err == nil || strings.Contains(out, "secret") {
			t.Errorf("%s: %s", bad, out)
		}
	}
}

// tunnel connects what a CONNECT request is followed by to an address.
func tunnel(address string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		up, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer up.Close()
		down, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer down.Close()
		_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		rest, _ := buffered.Peek(buffered.Reader.Buffered())
		go func() {
			_, _ = io.Copy(up, io.MultiReader(bytes.NewReader(rest), down))
			up.Close()
		}()
		_, _ = io.Copy(down, up)
	}
}
