package reading

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/web"
)

// Prefixes are URLs, and all that is below them. The zero value has nothing.
type Prefixes struct{ list []location }

// location is a URL in its parts. Two that differ in a part are different places; what is not sure
// to be one place has no location.
type location struct {
	origin string // for S3 the bucket
	user   string
	path   []string // decoded; for S3 the key
}

var errLocation = errors.New("must be a URL with https://, http:// or s3://, such as" +
	" https://example.org/archives/, without dot segments, query or escaped slashes")

// Add adds a URL. What is below it begins after its last slash, or after a slash that follows it.
func (p *Prefixes) Add(prefix string) error {
	if strings.ContainsAny(prefix, "?#") {
		return errLocation
	}
	l, ok := locate(prefix)
	if !ok {
		return errLocation
	}
	p.list = append(p.list, l)
	return nil
}

// Has reports whether a URL is one of the prefixes, or below one.
func (p *Prefixes) Has(name string) bool {
	l, ok := locate(name)
	return ok && slices.ContainsFunc(p.list, func(prefix location) bool {
		if l.origin != prefix.origin || l.user != prefix.user {
			return false
		}
		folder, least := prefix.path, len(prefix.path)
		if least > 0 && folder[least-1] == "" { // it ends in a slash
			folder = folder[:least-1]
		}
		return len(l.path) >= least && slices.Equal(l.path[:len(folder)], folder)
	})
}

// ErrNotAllowed means that a URL is in none of the Prefixes.
var ErrNotAllowed = errors.New("not below an --allow-remote")

// Check returns ErrNotAllowed unless Has is true.
func (p *Prefixes) Check(name string) error {
	if !p.Has(name) {
		return ErrNotAllowed
	}
	return nil
}

// locate takes a URL apart. It returns false for one that a server, a proxy or a client may take
// for another one.
func locate(name string) (l location, ok bool) {
	if !remote.IsURL(name) {
		return l, false
	}
	scheme, rest, _ := strings.Cut(name, "://")
	isS3 := strings.EqualFold(scheme, "s3")
	var path string
	if isS3 { // no part of it is encoded
		bucket := ""
		if bucket, path, _ = strings.Cut(rest, "/"); bucket == "" {
			return l, false
		}
		l.origin = "s3://" + bucket
	} else {
		u, err := url.Parse(name)
		if err != nil || u.Opaque != "" || u.Hostname() == "" {
			return l, false
		}
		l.origin, l.user = web.Origin(u), u.User.String()
		path = strings.TrimPrefix(u.EscapedPath(), "/")
	}
	if path == "" {
		return l, true
	}
	for part := range strings.SplitSeq(path, "/") {
		if !isS3 {
			var err error
			if part, err = url.PathUnescape(part); err != nil {
				return l, false
			}
		}
		if ambiguous(part) {
			return l, false
		}
		l.path = append(l.path, part)
	}
	return l, !slices.Contains(l.path[:len(l.path)-1], "")
}

// ambiguous reports whether a part of a path leads elsewhere, or might if it is decoded once more.
func ambiguous(part string) bool {
	for range 2 {
		if part == "." || part == ".." || strings.ContainsAny(part, "/\\") ||
			strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return true
		}
		again, err := url.PathUnescape(part)
		if err != nil {
			return false
		}
		part = again
	}
	return false
}
