package serve

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// Errors of the files of a Certificate. They are wrapped with the names of the files.
var (
	// ErrCertificate means that the files are not a certificate and its key in PEM.
	ErrCertificate = errors.New("not a certificate and its key in PEM")
	// ErrEncryptedKey means that a private key can't be read without a password.
	ErrEncryptedKey = errors.New("the key is encrypted")
)

// certificate is a TLS certificate in two files. They are read again when they have changed, so
// renewing it needs no signal.
type certificate struct {
	Certificate
	log func(string)

	mu      sync.Mutex
	current *tls.Certificate
	stamp   [2]time.Time // modification times
	checked time.Time    // when these were read
	noted   string       // the trouble with a renewal that was logged last
	expired bool         // that the certificate has expired was logged
}

// recheckCert is the shortest time between two looks at the files.
const recheckCert = time.Second

// loadCertificate reads a certificate from PEM files. log gets a line for each renewal, and one for
// each trouble: a renewal that can't be read, and the end of the certificate's time.
func loadCertificate(files Certificate, log func(string)) (*certificate, error) {
	c := &certificate{Certificate: files, log: log}
	stamp, err := c.times()
	if err != nil {
		return nil, err
	}
	pair, err := c.read()
	if err != nil {
		return nil, err
	}
	c.current, c.stamp, c.checked = &pair, stamp, time.Now()
	c.noteExpired(c.checked)
	return c, nil
}

// read reads the files. Errors name the file that is wrong, or both.
func (c *certificate) read() (tls.Certificate, error) {
	chain, err := os.ReadFile(c.CertFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	if encrypted(key) {
		return tls.Certificate{}, fmt.Errorf("%s: %w", c.KeyFile, ErrEncryptedKey)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return pair, fmt.Errorf("%s, %s: %w: %s", c.CertFile, c.KeyFile, ErrCertificate,
			strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}

// encrypted reports whether a private key in PEM needs a password (RFC 7468 §11, RFC 1421).
func encrypted(key []byte) bool {
	for {
		block, rest := pem.Decode(key)
		if block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			return true
		}
		key = rest
	}
}

// times returns the modification times of the files.
func (c *certificate) times() (t [2]time.Time, err error) {
	for i, name := range [...]string{c.CertFile, c.KeyFile} {
		fi, err := os.Stat(name)
		if err != nil {
			return t, err
		}
		t[i] = fi.ModTime()
	}
	return t, nil
}

// get returns the certificate for a handshake now. If the files don't fit together, as in the
// middle of a renewal, the old certificate stays in use. They are tried again when they change once
// more.
func (c *certificate) get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.checked) < recheckCert {
		return c.current
	}
	c.checked = now
	if renewed, err := c.renew(); err != nil {
		if trouble := "the old certificate stays in use: " + err.Error(); trouble != c.noted {
			c.noted = trouble
			c.log(trouble)
		}
	} else if renewed {
		c.log("certificate renewed from " + c.CertFile)
	}
	c.noteExpired(now)
	return c.current
}

// renew reads the files if they have changed. It reports whether it has put their certificate in
// place of the old one.
func (c *certificate) renew() (bool, error) {
	stamp, err := c.times()
	if err != nil {
		c.stamp = [2]time.Time{} // they are read when they are back
		return false, err
	}
	if stamp == c.stamp {
		return false, nil
	}
	c.stamp = stamp
	pair, err := c.read()
	if err != nil {
		return false, err
	}
	c.current, c.noted, c.expired = &pair, "", false
	return true, nil
}

// noteExpired logs once that the certificate has expired.
func (c *certificate) noteExpired(now time.Time) {
	if end := c.current.Leaf.NotAfter; now.After(end) && !c.expired {
		c.expired = true
		c.log(c.CertFile + ": the certificate expired on " + end.UTC().Format(time.DateOnly))
	}
}
