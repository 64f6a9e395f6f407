package serve

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
)

// secure starts a server of TLS, with a certificate that openssl makes.
func secure(t *testing.T) string {
	t.Helper()
	pair := certificate(t)
	return startRun(t, serve.Options{Archives: []serve.Archive{{Path: packTree(t, tree())}}},
		serve.RunOptions{Certificates: []serve.Certificate{pair}})
}

// certificate returns a certificate for localhost, which openssl makes.
func certificate(t *testing.T) serve.Certificate {
	t.Helper()
	dir := t.TempDir()
	pair := serve.Certificate{CertFile: filepath.Join(dir, "cert"), KeyFile: filepath.Join(dir, "key")}
	run(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
		"-keyout", pair.KeyFile, "-out", pair.CertFile)
	return pair
}

// session is a run of "openssl s_client", which does what it reads from its standard input: K is a
// key update with a request for another one (RFC 8446 §4.6.3), R a renegotiation (RFC 5246
// §7.4.1.1).
type session struct {
	in    io.Writer
	lines *bufio.Scanner
}

func dialOpenSSL(t *testing.T, address string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(tools.Path(t, "openssl"),
		append([]string{"s_client", "-connect", address}, args...)...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, to := io.Pipe()
	cmd.Stdout, cmd.Stderr = to, to
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		_ = to.Close()
		close(ended)
	}()
	kill := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		kill.Stop()
		_ = cmd.Process.Kill()
		_ = out.Close()
		<-ended
	})
	return &session{in, bufio.NewScanner(out)}
}

// until reads lines up to one that contains text. It returns false if there is none.
func (s *session) until(text string) bool {
	for s.lines.Scan() {
		if strings.Contains(s.lines.Text(), text) {
			return true
		}
	}
	return false
}

// TestKeyUpdates: a client changes keys between requests, and asks the server to do so.
func TestKeyUpdates(t *testing.T) {
	s := dialOpenSSL(t, secure(t), "-tls1_3")
	if !s.until("Verify return code") {
		t.Fatal("no session")
	}
	for range 5 {
		_, _ = io.WriteString(s.in, "K\n")
		if !s.until("KEYUPDATE") {
			t.Fatal("no key update")
		}
		_, _ = io.WriteString(s.in, "HEAD /page.html HTTP/1.1\r\nHost: a\r\n\r\n")
		if !s.until("HTTP/1.1 200 OK") || !s.until("ETag:") {
			t.Fatal("no answer")
		}
	}
}

// TestRenegotiation: TLS 1.2 is not negotiated again. The connection ends, and others do not.
func TestRenegotiation(t *testing.T) {
	address := secure(t)
	other := dialOpenSSL(t, address, "-tls1_2", "-crlf")
	s := dialOpenSSL(t, address, "-tls1_2")
	if !s.until("Verify return code") {
		t.Fatal("no session")
	}
	_, _ = io.WriteString(s.in, "R\n")
	if !s.until("RENEGOTIATING") {
		t.Fatal("no renegotiation")
	}
	if s.until("HTTP/1.1") {
		t.Error("an answer without a request")
	}
	_, _ = io.WriteString(other.in, "HEAD /page.html HTTP/1.1\nHost: a\n\n")
	if !other.until("HTTP/1.1 200 OK") {
		t.Error("the other connection was not answered")
	}
}

// TestCurlTLS fetches every file over both versions of TLS and of HTTP.
func TestCurlTLS(t *testing.T) {
	base := "https://" + secure(t) + "/"
	out := filepath.Join(t.TempDir(), "out")
	for name, want := range tree() {
		for _, args := range [][]string{
			{"--tls-max", "1.2", "--http1.1"}, {"--tlsv1.3", "--http1.1"}, {"--tlsv1.3", "--http2"},
			{"--http1.1", "--compressed"},
		} {
			run(t, "curl", append(args, "-k", "-sS", "--fail", "-o", out, base+name)...)
			if read(t, out) != want {
				t.Errorf("curl %q %s: other content", args, name)
			}
		}
	}
}
