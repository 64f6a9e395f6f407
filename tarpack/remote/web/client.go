// Package web is the object.Store of objects with an http or https URL.
//
// Credentials come from the user information in the URL, from Options.Header or from a netrc file.
// They are sent to the server of the URL only, and to no other one that it redirects to.
package web

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/http/httpguts"

	"github.com/tarpack/tpk/tarpack/remote/internal/transport"
	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Options are the options of New. The zero value, or nil, is usable.
type Options struct {
	// Header has fields that are added to each request. Those that ranges depend on are refused, such
	// as Range and If-Match.
	Header http.Header
	// Netrc is the name of a netrc file with user names and passwords, or "". See the manual of curl
	// for its form.
	Netrc string
	// CAFile is the name of a PEM file with the certificates that are trusted, instead of those of the
	// system.
	CAFile string
	// Redirect, if set, is called with each URL that a server redirects to. If it returns an error,
	// the redirect is not followed.
	Redirect func(to string) error
	// Requests bounds the parallel requests to one server. 0 means 16.
	Requests int
}

// A Client has the connections to servers. It is safe for concurrent use.
type Client struct {
	transport *http.Transport
	header    http.Header
	netrc     netrc
	requests  int
	redirect  func(to string) error

	mu     sync.Mutex
	limits map[string]object.Limit // by origin
}

// New returns a Client. It uses the proxies that HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the
// environment name, as http.ProxyFromEnvironment does.
func New(o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	c := &Client{requests: cmp.Or(o.Requests, transport.Requests), redirect: o.Redirect,
		header: http.Header{"User-Agent": {"tpk"}}, limits: map[string]object.Limit{}}
	for name, values := range o.Header {
		if err := CheckField(name, values); err != nil {
			return nil, err
		}
		c.header[http.CanonicalHeaderKey(name)] = values
	}
	var err error
	if o.Netrc != "" {
		if c.netrc, err = readNetrc(o.Netrc); err != nil {
			return nil, err
		}
	}
	if c.transport, err = transport.New(o.CAFile, c.requests); err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Object returns the store of the object with a URL. It sends nothing.
func (c *Client) Object(rawURL string) (object.Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		var reason *url.Error // has the URL, and perhaps a password
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, fmt.Errorf("%s: not a URL: %w", redact(rawURL), err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("%s: not the URL of a file: it must begin with https:// and a host",
			redact(rawURL))
	}
	if err := CheckPort(u); err != nil {
		return nil, fmt.Errorf("%s: not a URL: %w", redact(rawURL), err)
	}
	s := &store{client: c, authorization: c.header.Get("Authorization")}
	if s.authorization == "" {
		s.authorization = c.credentials(u)
	}
	plain := *u
	plain.RawQuery = escapeQuery(plain.RawQuery)
	plain.User, plain.Fragment, plain.RawFragment = nil, "", ""
	s.url = &plain
	shown := plain
	shown.RawQuery, shown.ForceQuery = "", false
	s.name = shown.String()
	s.limit = c.limit(Origin(&plain))
	return s, nil
}

// CheckPort returns an error if a URL has a port that no server can have.
func CheckPort(u *url.URL) error {
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return errors.New("the port must be from 1 to 65535")
	}
	return nil
}

// escapeQuery escapes what can't be sent as it is, which url.URL does in paths only.
func escapeQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// credentials returns the Authorization field for a URL, or "".
func (c *Client) credentials(u *url.URL) string {
	user, password := u.User.Username(), ""
	given := false
	if u.User != nil {
		password, given = u.User.Password()
	}
	if !given {
		if login, found := c.netrc.find(u.Hostname(), user); found {
			user, password = login.user, login.password
		} else if u.User == nil {
			return ""
		}
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func (c *Client) limit(origin string) object.Limit {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.limits[origin]
	if l == nil {
		l = object.NewLimit(c.requests)
		c.limits[origin] = l
	}
	return l
}

// ours are fields that requests have for reasons of their own.
var ours = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Length": true, "Host": true, "Range": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// CheckField returns an error if Options.Header can't have a field with a name and values. Errors
// don't have the values, which may be secret.
func CheckField(name string, values []string) error {
	key := http.CanonicalHeaderKey(name)
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("%q is not the name of a header field", name)
	}
	if ours[key] || strings.HasPrefix(key, "If-") {
		return fmt.Errorf("the header field %s can't be set: ranges depend on it", key)
	}
	for _, v := range values {
		if !httpguts.ValidHeaderFieldValue(v) {
			return fmt.Errorf("the value of the header field %s has characters that can't be sent", key)
		}
	}
	return nil
}

// redact removes what may be secret from text that was meant to be a URL.
func redact(rawURL string) string {
	rawURL, _, _ = strings.Cut(rawURL, "?")
	rawURL, _, _ = strings.Cut(rawURL, "#")
	scheme, rest, found := strings.Cut(rawURL, "//")
	if !found {
		scheme, rest = "", rawURL
	}
	// A password may hold a slash that should have been escaped, so this looks for the last "@".
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	if !found {
		return rest
	}
	return scheme + "//" + rest
}
