package serve

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// accessLog is an access log that can be read while it is written.
type accessLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *accessLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// line waits for the line of a path.
func (l *accessLog) line(t *testing.T, path string) string {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		l.mu.Lock()
		text := l.b.String()
		l.mu.Unlock()
		for line := range strings.Lines(text) {
			if strings.Contains(line, path) {
				return line
			}
		}
	}
	t.Fatalf("the access log has no %s", path)
	return ""
}

// TestProxiesInFront puts HAProxy and nginx in front of a server: as proxies of TCP, with and
// without TLS, which send the PROXY protocol, and as proxies of HTTP, which send X-Forwarded-For or
// Forwarded. The access log has the address of the client, 127.0.0.2, which sends fields of its
// own.
func TestProxiesInFront(t *testing.T) {
	haproxy, err := exec.LookPath("/usr/sbin/haproxy")
	if err != nil {
		haproxy = tools.Path(t, "haproxy")
	}
	log, forwarded := &accessLog{}, &accessLog{}
	o := serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}, AccessLog: log,
		TrustProxy: []string{"127.0.0.1"}}
	plain := start(t, o)
	secure := startRun(t, o, serve.RunOptions{Certificates: []serve.Certificate{certificate(t)}})
	o.AccessLog, o.ProxyForwarded = forwarded, true
	other := start(t, o)

	var conf strings.Builder
	conf.WriteString("defaults\n timeout connect 2s\n timeout client 20s\n timeout server 20s\n")
	type way struct {
		url string
		log *accessLog
	}
	ways := map[string]way{}
	for _, w := range []struct {
		name, mode, server, scheme string
		log                        *accessLog
	}{
		{"v1", "tcp", plain + " send-proxy", "http", log},
		{"v2", "tcp", plain + " send-proxy-v2", "http", log},
		{"v1-tls", "tcp", secure + " send-proxy", "https", log},
		{"v2-tls", "tcp", secure + " send-proxy-v2-ssl-cn", "https", log},
		{"checked", "tcp", plain + " send-proxy-v2 check inter 50ms check-send-proxy", "http", log},
		{"http", "http\n option forwardfor", plain, "http", log},
		{"http-v2", "http", plain + " send-proxy-v2", "http", log},
		{"http-tls-v2", "http\n option forwardfor", secure + " send-proxy-v2 ssl verify none alpn h2",
			"http", log},
		{"forwarded", "http\n http-request add-header Forwarded for=\\\"%[src]\\\";proto=http", other,
			"http", forwarded},
	} {
		address := fixture.FreeAddress(t)
		fmt.Fprintf(&conf, "listen %s\n bind %s\n mode %s\n server s %s\n", w.name, address, w.mode,
			w.server)
		ways["haproxy-"+w.name] = way{w.scheme + "://" + address, w.log}
	}
	name := filepath.Join(tools.Dir(t), "haproxy.cfg")
	if err := os.WriteFile(name, []byte(conf.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	fixture.StartServer(t, strings.TrimPrefix(ways["haproxy-v1"].url, "http://"),
		exec.Command(haproxy, "-db", "-f", name))

	address := fixture.FreeAddress(t)
	fixture.Nginx(t, tools.Dir(t), address, `server { listen `+address+`; location / {
		proxy_pass http://`+plain+`; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }`)
	ways["nginx"] = way{"http://" + address, log}

	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		}}}
	for name, w := range ways {
		req, err := http.NewRequest("GET", w.url+"/file?"+name+"-", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "192.0.2.1, 127.0.0.1")
		req.Header.Set("Forwarded", `for=192.0.2.2;x="`)
		resp, err := c.Do(req)
		if err != nil {
			t.Error(name, err)
			continue
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 || string(b) != tree()["file"] {
			t.Errorf("%s: %s, %d bytes, %v", name, resp.Status, len(b), err)
		}
		if line := w.log.line(t, "?"+name+"-"); !strings.HasPrefix(line, "127.0.0.2 ") {
			t.Errorf("%s: %s", name, line)
		}
	}
}
