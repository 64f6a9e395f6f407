//go:build unix

package serve

import (
	"crypto/tls"
	"encoding/json"
	"net"
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

// TestACME gets a certificate as docs/guide/https.md has it, from Let's Encrypt's server for tests,
// and renews it below a server that uses it. Only make test-acme runs it.
func TestACME(t *testing.T) {
	if os.Getenv("TEST_ACME") == "" {
		t.Skip("make test-acme runs it")
	}
	certbot, dir, archive := tools.Path(t, "certbot"), t.TempDir(), packTree(t, map[string]string{
		"index.html": "x"})
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	tools.Must(t, exec.Command(tools.Path(t, "openssl"), "req", "-x509", "-newkey", "ed25519",
		"-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=localhost"))
	plain, secure := fixture.FreeAddress(t), fixture.FreeAddress(t)
	authority := startPebble(t, dir, plain, cert, key)

	root := filepath.Join(dir, "acme")
	if err := os.MkdirAll(filepath.Join(root, ".well-known", "acme-challenge"), 0o755); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(tools.Repo(t), "docs", "guide", "https.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), "/var/lib/acme", root)
	mount := regexp.MustCompile(`(?m)^\$ tpk serve \.\.\. (--mount \S+) site\.tar\.gz$`).
		FindStringSubmatch(text)
	command := regexp.MustCompile(`(?m)^\$ certbot (certonly .*)$`).FindStringSubmatch(text)
	if mount == nil || command == nil {
		t.Fatal("the page has no such commands")
	}
	serveWith := func(cert, key string) *process {
		args := append([]string{"serve", "--listen", "http://" + plain, "--listen", "https://" + secure,
			"--tls-cert", cert, "--tls-key", key}, strings.Fields(mount[1])...)
		p := launch(t, exec.Command(tools.TPK(t), append(args, archive)...))
		p.says(t, "serving on https")
		return p
	}
	ask := func(args ...string) {
		t.Helper()
		tools.Must(t, exec.Command(certbot, append(args, "--server", authority, "--no-verify-ssl",
			"--config-dir", filepath.Join(dir, "c"), "--work-dir", filepath.Join(dir, "w"), "--logs-dir",
			filepath.Join(dir, "l"), "--agree-tos", "--register-unsafely-without-email", "-n")...))
	}
	p := serveWith(cert, key)
	ask(strings.Fields(command[1])...)
	p.stops(t)

	live := filepath.Join(dir, "c", "live", "www.example.org")
	serveWith(filepath.Join(live, "fullchain.pem"), filepath.Join(live, "privkey.pem"))
	first := served(t, secure)
	ask("renew", "--force-renewal", "--no-random-sleep-on-renew")
	for limit := time.Now().Add(time.Minute); served(t, secure) == first; {
		if time.Now().After(limit) {
			t.Fatal("the renewed certificate is not used")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// served returns the serial number of the certificate that a client gets, which must be valid for
// the name.
func served(t *testing.T, address string) string {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	leaf := c.ConnectionState().PeerCertificates[0]
	if err := leaf.VerifyHostname("www.example.org"); err != nil {
		t.Fatal(err)
	}
	return leaf.SerialNumber.String()
}

// startPebble starts an authority that looks for challenges at an address, whatever the name, and
// returns its URL.
func startPebble(t *testing.T, dir, challenges, cert, key string) string {
	t.Helper()
	dns, api, management := fixture.FreeAddress(t), fixture.FreeAddress(t), fixture.FreeAddress(t)
	fixture.StartServer(t, dns, exec.Command(tools.GoProgram(t, "pebble-challtestsrv"), "-dnsserver",
		dns, "-management", management, "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01",
		"", "-doh", ""))
	_, port, err := net.SplitHostPort(challenges)
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{"listenAddress": api,
		"certificate": cert, "privateKey": key, "httpPort": json.Number(port), "tlsPort": 1,
		"profiles": map[string]any{"default": map[string]any{"validityPeriod": 7776000}}}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(name, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tools.GoProgram(t, "pebble"), "-config", name, "-dnsserver", dns)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	fixture.StartServer(t, api, cmd)
	return "https://" + api + "/dir"
}
