package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// writeCertificate writes a self-signed certificate for name and other DNS names, and its key.
func writeCertificate(t testing.TB, certFile, keyFile, name string, dns ...string) {
	t.Helper()
	writeCertificateUntil(t, time.Now().Add(time.Hour), certFile, keyFile, name, dns...)
}

// writeCertificateUntil is writeCertificate with the time at which the certificate expires.
func writeCertificateUntil(
	t testing.TB, end time.Time, certFile, keyFile, name string, dns ...string,
) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: dns,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func testCertificate(t testing.TB) (certFile, keyFile string) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writeCertificate(t, certFile, keyFile, "first")
	return certFile, keyFile
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCertificateRenewal replaces a certificate while the server runs: first by a broken one, which
// changes nothing.
func TestCertificateRenewal(t *testing.T) {
	t.Parallel()
	certFile, keyFile := testCertificate(t)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{Certificates: []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}}})
	name := func() string {
		c, err := tls.Dial("tcp", r.addresses[0], &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if n := name(); n != "first" {
		t.Fatal(n)
	}
	if err := os.WriteFile(certFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the broken file is noticed", func() bool {
		if n := name(); n != "first" {
			t.Errorf("with a broken file: %s", n)
		}
		return strings.Contains(r.log.String(), "the old certificate stays in use")
	})
	if n := name(); n != "first" {
		t.Errorf("with a broken file: %s", n)
	}
	writeCertificate(t, certFile, keyFile, "second")
	eventually(t, "the new certificate is used", func() bool { return name() == "second" })

	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the missing file is noticed", func() bool {
		if n := name(); n != "second" {
			t.Errorf("without the key: %s", n)
		}
		return strings.Contains(r.log.String(), keyFile+": no such file")
	})
	end := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	writeCertificateUntil(t, end, certFile, keyFile, "expired")
	eventually(t, "the expired certificate is used", func() bool { return name() == "expired" })
	expired := certFile + ": the certificate expired on 2026-02-03"
	eventually(t, "it is noticed", func() bool {
		return strings.Contains(r.log.String(), expired)
	})
	name()
	if n := strings.Count(r.log.String(), expired); n != 1 {
		t.Errorf("%d lines about the expired certificate", n)
	}
}

// TestCertificateErrors: the error of a pair that can't be used names the files, in one line.
func TestCertificateErrors(t *testing.T) {
	t.Parallel()
	certFile, keyFile := testCertificate(t)
	_, other := testCertificate(t)
	dir := t.TempDir()
	write := func(name, content string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	junk := write("junk", "hello\n")
	pkcs8 := write("pkcs8", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"+
		"-----END ENCRYPTED PRIVATE KEY-----\n")
	old := write("old", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"+
		"DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n")
	for _, test := range []struct {
		cert, key, named string
		want             error
	}{
		{certFile, other, certFile + ", " + other, serve.ErrCertificate},
		{junk, keyFile, junk + ", " + keyFile, serve.ErrCertificate},
		{certFile, junk, certFile + ", " + junk, serve.ErrCertificate},
		{keyFile, certFile, keyFile + ", " + certFile, serve.ErrCertificate},
		{certFile, pkcs8, pkcs8, serve.ErrEncryptedKey},
		{certFile, old, old, serve.ErrEncryptedKey},
		{filepath.Join(dir, "none"), keyFile, "none", fs.ErrNotExist},
	} {
		err := s.Run(t.Context(), serve.RunOptions{Listen: []string{"127.0.0.1:0"},
			Certificates: []serve.Certificate{{CertFile: test.cert, KeyFile: test.key}}})
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.named) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s, %s: %v", test.cert, test.key, err)
		}
	}
}

// TestServerNames: a client gets the certificate for the name that it asks for, and the first one
// without a name or with another.
func TestServerNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var pairs []serve.Certificate
	for i, dns := range [][]string{
		{"first.example"}, {"second.example", "*.second.example"}, {"third.example"},
	} {
		pair := serve.Certificate{
			CertFile: filepath.Join(dir, fmt.Sprint(i, ".crt")),
			KeyFile:  filepath.Join(dir, fmt.Sprint(i, ".key")),
		}
		writeCertificate(t, pair.CertFile, pair.KeyFile, dns[0], dns...)
		pairs = append(pairs, pair)
	}
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{Certificates: pairs})
	name := func(asked string) string {
		c, err := tls.Dial("tcp", r.addresses[0], &tls.Config{InsecureSkipVerify: true,
			ServerName: asked})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	for asked, want := range map[string]string{
		"": "first.example", "127.0.0.1": "first.example", "first.example": "first.example",
		"second.example": "second.example", "www.second.example": "second.example",
		"a.b.second.example": "first.example", "third.example": "third.example",
		"THIRD.example": "third.example", "fourth.example": "first.example",
	} {
		if got := name(asked); got != want {
			t.Errorf("%q: %s, want %s", asked, got, want)
		}
	}
	writeCertificate(t, pairs[1].CertFile, pairs[1].KeyFile, "renewed", "second.example")
	eventually(t, "the second certificate is renewed",
		func() bool { return name("second.example") == "renewed" })
	if got := name("third.example"); got != "third.example" {
		t.Error(got)
	}
}

// TestVersionsAndSuites: TLS 1.2 and 1.3 with AEAD suites are spoken, and nothing older.
func TestVersionsAndSuites(t *testing.T) {
	t.Parallel()
	certFile, keyFile := testCertificate(t)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{Certificates: []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}}})
	for _, c := range []struct {
		version uint16
		suite   uint16
		ok      bool
	}{
		{tls.VersionTLS13, 0, true}, {tls.VersionTLS12, 0, true}, {tls.VersionTLS11, 0, false},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, true},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false},
	} {
		config := &tls.Config{InsecureSkipVerify: true, MinVersion: c.version, MaxVersion: c.version}
		if c.suite != 0 {
			config.CipherSuites = []uint16{c.suite}
		}
		conn, err := tls.Dial("tcp", r.addresses[0], config)
		if (err == nil) != c.ok {
			t.Errorf("version %x, suite %x: %v", c.version, c.suite, err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

// TestResumption: a session goes on at another listener, without a certificate being sent again.
func TestResumption(t *testing.T) {
	t.Parallel()
	certFile, keyFile := testCertificate(t)
	r := start(t, serve.Options{Archives: []serve.Archive{{Path: packedSite(t)}}},
		serve.RunOptions{
			Listen:       []string{"127.0.0.1:0", "127.0.0.1:0"},
			Certificates: []serve.Certificate{{CertFile: certFile, KeyFile: keyFile}},
		})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version,
			ServerName: "a.example", ClientSessionCache: tls.NewLRUClientSessionCache(4)}
		for i, address := range r.addresses {
			c, err := tls.Dial("tcp", address, config)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(c, "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if b, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(b), site()["file"]) {
				t.Errorf("%x: %.100q, %v", version, b, err)
			}
			if c.ConnectionState().DidResume != (i > 0) {
				t.Errorf("%x: listener %d: resumed: %t", version, i, c.ConnectionState().DidResume)
			}
			_ = c.Close()
		}
	}
}
