package serve

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
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
}

// recheckCert is the shortest time between two looks at the files.
const recheckCert = time.Second

// loadCertificate reads a certificate from PEM files. log gets a line for each renewal.
func loadCertificate(files Certificate, log func(string)) (*certificate, error) {
	c := &certificate{Certificate: files, log: log}
	stamp, err := c.times()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, err
	}
	c.current, c.stamp, c.checked = &pair, stamp, time.Now()
	return c, nil
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
	stamp, err := c.times()
	if err != nil || stamp == c.stamp {
		return c.current
	}
	c.stamp = stamp
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		c.log(fmt.Sprintf("%s, %s: the old certificate stays in use: %v", c.CertFile, c.KeyFile, err))
		return c.current
	}
	c.current = &pair
	c.log("certificate renewed from " + c.CertFile)
	return c.current
}
