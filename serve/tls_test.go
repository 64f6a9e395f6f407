package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve"
)

// writeCertificate writes a self-signed certificate for name, and its key.
func writeCertificate(t testing.TB, certFile, keyFile, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(
			time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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
}
