package object

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tarpack/tpk/tarpack/source"
)

// Errors and notices of this package. See also the package comment.
var (
	// ErrAnswer means that the server answers in a way in which no part of an object can be read.
	// Asking again does not help.
	ErrAnswer = errors.New("the server's answer can't be used")
	// ErrWeak is a notice: the server has no strong ETag for the object (RFC 9110 §8.8.1). A change is
	// only noticed if the size or Last-Modified changes with it.
	ErrWeak = errors.New("the server gives no strong ETag")
)

// A temporary error may be gone at the next attempt.
type temporary struct {
	err   error
	after time.Duration // the server asked to wait for so long
}

func (e *temporary) Error() string { return e.err.Error() }

func (e *temporary) Unwrap() error { return e.err }

// statusError returns the error for a response that is neither 200 nor 206. opening is true if no
// generation is fixed yet.
func statusError(resp *http.Response, opening bool) error {
	status := printable(resp.Status)
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout,
		code == http.StatusTooEarly,
		code >= 500 && code != http.StatusNotImplemented && code != http.StatusHTTPVersionNotSupported:
		return &temporary{errors.New(status), retryAfter(resp.Header, time.Now())}
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusProxyAuthRequired:
		err := fmt.Errorf("%w: %s", fs.ErrPermission, status)
		if !opening {
			err = fmt.Errorf("%w: %w", source.ErrUnavailable, err)
		}
		return err
	case opening && (code == http.StatusNotFound || code == http.StatusGone):
		return fmt.Errorf("%w: %s", fs.ErrNotExist, status)
	case !opening && (code == http.StatusNotFound || code == http.StatusGone ||
		code == http.StatusPreconditionFailed || code == http.StatusRequestedRangeNotSatisfiable):
		return fmt.Errorf("%w: %s", source.ErrChanged, status)
	}
	return fmt.Errorf("%w: %s", ErrAnswer, status)
}

// sendError returns the error for a request without a response.
func sendError(err error) error {
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var dns *net.DNSError
	switch {
	case errors.Is(err, ErrAnswer), errors.Is(err, fs.ErrPermission):
		return err
	case errors.As(err, &authority): // its own text has the reasons of other certificates
		return &untrusted{"it is signed by an unknown authority", authority}
	case errors.As(err, &cert):
		return &untrusted{strings.TrimPrefix(cert.Err.Error(), "x509: "), cert}
	case errors.As(err, &record):
		return fmt.Errorf("%w: it does not speak TLS: is it http, not https?", ErrAnswer)
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("%w: %w", source.ErrUnavailable, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errUnanswered
	}
	return &temporary{err: err}
}

// errUnanswered is the error for a connection that ends before the header of a response.
var errUnanswered = errors.New("the connection was closed without an answer")

// An untrusted error is one of a certificate.
type untrusted struct {
	reason string
	err    error
}

func (e *untrusted) Error() string { return "the server's certificate is not trusted: " + e.reason }

func (e *untrusted) Unwrap() error { return e.err }

// ended returns the reason why a context has ended, or nil. A request fails with other errors then.
func ended(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// printable returns what a server has sent as text that a terminal shows as it is.
func printable(s string) string {
	const most = 200
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s) && i < most; i++ {
		c := s[i]
		if c < ' ' || c > '~' {
			c = '?'
		}
		b = append(b, c)
	}
	return string(b)
}
