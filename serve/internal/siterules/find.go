package siterules

import (
	"net/url"
	"strings"
)

// Answer is what a line of _redirects asks for.
type Answer struct {
	Status int
	// Location is where the client is sent, with a status from 301 to 308: a URL, or a reference from
	// the root of the site that does not begin with a slash.
	Location []byte
	Absolute bool // Location is a URL
	// Page is the path of the page that is sent, with other statuses, without slashes at its ends.
	// There is none if HasPage is false.
	Page    []byte
	HasPage bool

	captures captures
}

// HasForced reports whether some line holds for paths that are there, too.
func (s *Site) HasForced() bool { return s != nil && s.redirects.forced }

// Answer makes a what the first line asks for that holds for a request. With forced set, it does so
// only if that line holds for paths that are there, too. It reports whether there is such a line. A
// line that would send the client where it is, or out of the site, does not hold.
func (s *Site) Answer(r *Request, forced bool, a *Answer) bool {
	if s == nil {
		return false
	}
	rs := &s.redirects
	list := rs.table.at(r.Path)
	for i := list.next(); i >= 0; i = list.next() {
		rule := &rs.rules[i]
		if !rule.from.match(r, &a.captures) || !rule.takes(r, &a.captures) ||
			rule.redirects() && rule.returns(r, a) {
			continue
		}
		if forced && !rule.force {
			return false
		}
		rule.answer(r, a)
		if rule.climbs(a) {
			continue
		}
		return true
	}
	return false
}

// takes reports whether a request has the parameters of a rule, and notes their values.
func (r *redirect) takes(req *Request, c *captures) bool {
	if c.decoded = len(r.from.names); len(r.query) == 0 {
		return true
	}
	for i := range r.query {
		if k := r.query[i].capture; k >= 0 {
			c.decoded = min(c.decoded, k)
		}
	}
	for i := range r.query {
		q := &r.query[i]
		value, ok := parameterOf(req.Query, q.key)
		if !ok || q.capture < 0 && value != q.value {
			return false
		}
		if q.capture >= 0 {
			c.text[q.capture] = value
		}
	}
	return true
}

// parameterOf returns the first value of a key in a query, decoded.
func parameterOf(query, key string) (string, bool) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != key {
			continue
		}
		value, err := url.QueryUnescape(value)
		return value, err == nil
	}
	return "", false
}

// returns reports whether a rule sends the client to the path that it has asked for.
func (r *redirect) returns(req *Request, a *Answer) bool {
	t := &r.to
	if t.absolute != "" && (!sameHost(t.host, req.Host) || t.plain == req.Secure) ||
		len(r.query) > 0 && !t.query {
		return false
	}
	a.Page = t.appendPlain(a.Page[:0], &a.captures)
	path := a.Page
	if n := len(path); req.Slash && req.Path != "" {
		if n == 0 || path[n-1] != '/' {
			return false
		}
		path = path[:n-1]
	}
	return string(path) == req.Path
}

// answer makes a what the rule asks for.
func (r *redirect) answer(req *Request, a *Answer) {
	a.Status, a.HasPage, a.Absolute = r.status, r.has, r.to.absolute != ""
	a.Location, a.Page = a.Location[:0], a.Page[:0]
	if !r.redirects() {
		a.Page = r.to.appendPlain(a.Page, &a.captures)
		if n := len(a.Page); n > 0 && a.Page[n-1] == '/' {
			a.Page = a.Page[:n-1]
		}
		return
	}
	if a.Absolute {
		a.Location = append(append(a.Location, r.to.absolute...), '/')
	}
	a.Location = r.to.appendPath(a.Location, &a.captures)
	if !r.to.query && len(r.query) == 0 && req.Query != "" {
		a.Location = appendEscaped(append(a.Location, '?'), req.Query, queryByte)
	}
	a.Location = r.to.appendRest(a.Location, &a.captures)
}

// climbs reports whether a rule sends the client to a path of the site with . or .. as a name, for
// which placeholders stand. No such path is asked for, and the client would resolve it.
func (r *redirect) climbs(a *Answer) bool {
	if !r.redirects() || a.Absolute || len(r.from.names) == 0 {
		return false
	}
	path := string(a.Location)
	if end := strings.IndexAny(path, "?#"); end >= 0 {
		path = path[:end]
	}
	return hasDots(path)
}

// queryByte reports whether c may stand unescaped in a query. Escapes stay.
func queryByte(c byte) bool { return pathByte(c) || strings.IndexByte("%&?:'", c) >= 0 }
