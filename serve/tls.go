package serve

import (
	"crypto/rand"
	"crypto/tls"
	"slices"
	"sync"
	"time"
)

// newTLSConfig returns the configuration of all listeners, which share the keys of session tickets.
// log gets a line for each renewal of a certificate.
func newTLSConfig(files []Certificate, log func(string)) (*tls.Config, error) {
	var all certificates
	for _, f := range files {
		c, err := loadCertificate(f, log)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	config := &tls.Config{
		GetCertificate: all.choose,
		NextProtos:     []string{"h2", "http/1.1"},
		MinVersion:     tls.VersionTLS12,
		// Those of TLS 1.2 (RFC 9325 §4.2): without CBC, which RFC 9113 §9.2.2 forbids to HTTP/2.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305,
		},
		// Small records at first would be more records, and an answer is sent whole anyway.
		DynamicRecordSizingDisabled: true,
	}
	tickets := &ticketKeys{}
	config.SetSessionTicketKeys(tickets.renew(time.Now()))
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if keys := tickets.renew(time.Now()); keys != nil {
			config.SetSessionTicketKeys(keys)
		}
		return nil, nil // config itself
	}
	return config, nil
}

// certificates are the certificates of a server. There is at least one.
type certificates []*certificate

// choose returns the first certificate that the client of a handshake supports, or else the first.
func (all certificates) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	first := all[0].get()
	if len(all) == 1 || hello.SupportsCertificate(first) == nil {
		return first, nil
	}
	for _, c := range all[1:] {
		if cert := c.get(); hello.SupportsCertificate(cert) == nil {
			return cert, nil
		}
	}
	return first, nil
}

const (
	ticketRenewal = time.Hour // how long a key makes session tickets (RFC 8446 §4.6.1)
	ticketKeep    = 24        // keys with which tickets are accepted: those of a day
)

// ticketKeys are the keys of session tickets. A key that was stolen opens only the tickets of an
// hour.
type ticketKeys struct {
	mu   sync.Mutex
	made time.Time
	keys [][32]byte // the newest first
}

// renew returns the keys if they have changed, and else nil.
func (t *ticketKeys) renew(now time.Time) [][32]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.keys) > 0 && now.Sub(t.made) < ticketRenewal {
		return nil
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails
	t.made = now
	t.keys = slices.Insert(t.keys, 0, key)
	t.keys = t.keys[:min(len(t.keys), ticketKeep)]
	return slices.Clone(t.keys)
}
