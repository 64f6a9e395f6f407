package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// mostRedirects is how many redirects one request follows.
const mostRedirects = 5

// store is the object.Store of one URL.
type store struct {
	client        *Client
	url           *url.URL // without user information
	name          string
	authorization string // of url only; "" if there is none
	limit         object.Limit
	moved         atomic.Pointer[url.URL] // where url has moved to permanently
}

func (s *store) Name() string { return s.name }

func (s *store) Key() string { return s.url.String() }

func (s *store) Limit() object.Limit { return s.limit }

// Get implements object.Store. It follows redirects. It remembers permanent ones (RFC 9110 §15.4).
func (s *store) Get(ctx context.Context, fields http.Header) (*http.Response, error) {
	at := s.url
	if moved := s.moved.Load(); moved != nil {
		at = moved
	}
	permanent := true
	for range mostRedirects + 1 {
		resp, err := s.send(ctx, at, fields)
		if err != nil {
			return nil, err
		}
		if !redirects(resp.StatusCode) {
			return resp, nil
		}
		resp.Body.Close()
		if at, err = target(at, resp.Header.Get("Location")); err != nil {
			return nil, err
		}
		if s.client.redirect != nil {
			if err := s.client.redirect(at.String()); err != nil {
				return nil, fmt.Errorf("%w: it redirects to %s: %w", object.ErrAnswer, redact(at.String()), err)
			}
		}
		permanent = permanent && (resp.StatusCode == http.StatusMovedPermanently ||
			resp.StatusCode == http.StatusPermanentRedirect)
		if permanent {
			s.moved.Store(at)
		}
	}
	return nil, fmt.Errorf("%w: it redirects more than %d times", object.ErrAnswer, mostRedirects)
}

// send sends one request. Only the server of the URL that was opened gets what Options.Header and
// netrc have for it.
func (s *store) send(ctx context.Context, at *url.URL, fields http.Header) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, errors.New("the URL can't be requested")
	}
	req.Header = fields.Clone()
	if Origin(at) == Origin(s.url) {
		maps.Copy(req.Header, s.client.header)
		if s.authorization != "" {
			req.Header.Set("Authorization", s.authorization)
		}
	} else {
		req.Header["User-Agent"] = s.client.header["User-Agent"]
	}
	// Not through http.Client: that copies fields to other servers, and sends Referer.
	return s.client.transport.RoundTrip(req)
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// target returns where a redirect leads to.
func target(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	if err != nil || location == "" || to.Hostname() == "" {
		return nil, fmt.Errorf("%w: it redirects, but not to a URL", object.ErrAnswer)
	}
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	to.RawQuery = escapeQuery(to.RawQuery)
	switch {
	case to.Scheme == "https", to.Scheme == "http" && from.Scheme == "http":
		return to, nil
	case to.Scheme == "http":
		return nil, fmt.Errorf("%w: it redirects from https to http, where everybody can read and "+
			"change what is sent", object.ErrAnswer)
	}
	return nil, fmt.Errorf("%w: it redirects to a URL that is not http or https", object.ErrAnswer)
}

// Origin is the scheme, host and port of a URL with http or https (RFC 6454 §4).
func Origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
