// Package transport makes the HTTP transports of the packages web and s3.
package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Requests is the number of parallel requests to one server if an option does not set another.
const Requests = 16

// New returns a transport for so many parallel requests to one server. If caFile is not "", it is
// the name of a PEM file with the certificates of the authorities that are trusted, instead of
// those of the system. The transport uses the proxies of the environment.
//
// It uses HTTP/1.1 only: a connection has one request at a time, so one that stalls is closed
// without harm for others.
func New(caFile string, requests int) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        time.Minute,
		MaxIdleConnsPerHost:    requests,
		MaxResponseHeaderBytes: 64 << 10,
		ReadBufferSize:         32 << 10,
		DisableCompression:     true,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if caFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no certificate in PEM form in it", caFile)
	}
	t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return t, nil
}

// proxy is http.ProxyFromEnvironment, but its errors don't have the password of the proxy.
func proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err != nil {
		return nil, errors.New("the proxy that the environment names is not a valid URL")
	}
	return u, nil
}
