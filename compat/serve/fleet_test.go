package serve

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
)

// TestFleetClients starts a server with the flags of the recipe for Kubernetes, behind the recipes
// for nginx and HAProxy. Both proxies name the client, which has limits of its own, and is in the
// access log.
func TestFleetClients(t *testing.T) {
	archive := packTree(t, tree())
	for name, start := range map[string]func(t *testing.T, server, admin string) string{
		"nginx": fleetNginx, "haproxy": fleetHAProxy,
	} {
		t.Run(name, func(t *testing.T) {
			server, admin := fixture.FreeAddress(t), fixture.FreeAddress(t)
			log := filepath.Join(t.TempDir(), "log")
			args := fleetFlags(t, "--listen=:8080", "--listen="+server, "--admin=:9090", "--admin="+admin,
				"--cache=/cache/tpk", "--cache="+tools.Dir(t), "--trust-proxy=10.0.0.0/8",
				"--trust-proxy=127.0.0.1", "--access-log=-", "--access-log="+log,
				"--max-requests-per-ip=100", "--max-requests-per-ip=1", "s3://bucket/site.tar.gz", archive)
			launch(t, exec.Command(tools.TPK(t), append(args, "--burst=3")...)).url(t)
			front := start(t, server, admin)
			for _, client := range []string{"127.0.0.2", "127.0.0.3"} {
				sent := untilLimited(t, clientAt(client), front+"/file?"+client)
				line := regexp.MustCompile(`(?m)^` + client + ` .* "GET /file\?` + client)
				for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
					b, err := os.ReadFile(log)
					if err == nil && len(line.FindAll(b, -1)) == sent {
						break
					}
					if time.Now().After(end) {
						t.Fatalf("%d requests of %s are not in the log: %s", sent, client, b)
					}
				}
			}
		})
	}
}

// untilLimited sends requests until one is answered with 429, which the first three are not. It
// returns how many it has sent.
func untilLimited(t *testing.T, c *http.Client, url string) (sent int) {
	t.Helper()
	for {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-For", "192.0.2.1") // of the client's own
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		sent++
		switch {
		case resp.StatusCode == 429 && sent > 3:
			return sent
		case resp.StatusCode != 200 || sent > 100:
			t.Fatalf("request %d: %s", sent, resp.Status)
		}
	}
}

// fleetFile returns a file of contrib/fleet, with texts replaced that must be in it.
func fleetFile(t *testing.T, name string, oldNew ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tools.Repo(t), "contrib", "fleet", name))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !strings.Contains(string(b), oldNew[i]) {
			t.Fatalf("%s has no %q", name, oldNew[i])
		}
	}
	return strings.NewReplacer(oldNew...).Replace(string(b))
}

// fleetFlags returns the arguments of tpk in the recipe for Kubernetes, with some replaced.
func fleetFlags(t *testing.T, oldNew ...string) (args []string) {
	t.Helper()
	_, list, _ := strings.Cut(fleetFile(t, "kubernetes.yaml", oldNew...), "            - tpk\n")
	for line := range strings.Lines(list) {
		arg, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
		if !ok {
			return args
		}
		args = append(args, arg)
	}
	return args
}

// fleetNginx starts the recipe for nginx in front of a server, which is all three of it.
func fleetNginx(t *testing.T, server, _ string) string {
	address := fixture.FreeAddress(t)
	fixture.Nginx(t, tools.Dir(t), address, fleetFile(t, "nginx.conf", "listen 80", "listen "+address,
		"tpk-0.example.com:8080", server, "tpk-1.example.com:8080", server, "tpk-2.example.com:8080",
		server))
	return "http://" + address
}

// fleetHAProxy starts the recipe for HAProxy in the same way. It waits until that has found the
// server ready.
func fleetHAProxy(t *testing.T, server, admin string) string {
	haproxy, err := exec.LookPath("/usr/sbin/haproxy")
	if err != nil {
		haproxy = tools.Path(t, "haproxy")
	}
	address := fixture.FreeAddress(t)
	_, port, _ := strings.Cut(admin, ":")
	to := server + " port " + port
	conf := filepath.Join(tools.Dir(t), "haproxy.cfg")
	text := fleetFile(t, "haproxy.cfg", "bind :80", "bind "+address,
		"tpk-0.example.com:8080 port 9090", to, "tpk-1.example.com:8080 port 9090", to,
		"tpk-2.example.com:8080 port 9090", to)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fixture.StartServer(t, address, exec.Command(haproxy, "-db", "-f", conf))
	return "http://" + address
}

// clientAt returns a client that connects from an address of this machine.
func clientAt(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, to)
		}}}
}
