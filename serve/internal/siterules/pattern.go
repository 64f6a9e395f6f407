package siterules

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// maxNames is how many placeholders a pattern has at most, the splat included.
const maxNames = 9

// splatName is the name by which a target refers to what the splat stands for.
const splatName = "splat"

// pattern describes paths. It has placeholders, each of which stands for a name on the path, or its
// beginning, and at most one splat, which stands for anything.
type pattern struct {
	host  string // lower case; "" is any
	plain bool   // only requests that are not known to have come by HTTPS

	head    []segment // whole names before the splat; all names if there is none
	splat   bool
	before  string    // of the name in which the splat stands: what precedes it
	after   string    // and what follows it in that name
	tail    []segment // whole names after that
	names   []string  // of captures: those of the path, then those of parameters
	wild    bool      // it matches several paths
	splatAt int       // number of the splat
	literal string    // the path, if it matches one only
}

// segment is a name on a path: literal, or a placeholder with what follows it.
type segment struct {
	text    string
	capture int // -1: there is no placeholder
}

// captures are the texts that placeholders stand for, by number.
type captures struct {
	text  [maxNames]string
	slash int // number of the one, plus 1, whose text ends in a slash besides; 0 for none
	// decoded is the number of the first one that is a parameter's.
	decoded int
}

// first returns the first name of the paths that the pattern matches, if all have the same.
func (p *pattern) first() (string, bool) {
	if len(p.head) > 0 && p.head[0].capture < 0 {
		return p.head[0].text, true
	}
	return "", false
}

var errTwoSplats = errors.New("a path has at most one *")

// parsePattern reads a path, or a URL whose host and scheme are matched as well.
func parsePattern(text string) (pattern, error) {
	var p pattern
	if rest, plain, ok := cutScheme(text); ok {
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		p.host, p.plain, text = strings.ToLower(rest[:end]), plain, rest[end:]
		if !validHost(p.host) {
			return p, fmt.Errorf("%q is no host without a port", p.host)
		}
	}
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		return p, fmt.Errorf("a path has no %c: write parameters as key=value after it", text[end])
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "/"), "/")
	if strings.Count(text, "*") > 1 {
		return p, errTwoSplats
	}
	head, tail, splat := strings.Cut(text, "*")
	if !splat {
		err := p.segments(&p.head, text)
		if p.wild = len(p.names) > 0; !p.wild {
			p.literal, _ = unescape(text)
		}
		return p, err
	}
	p.wild = true
	p.splat = true
	names := ""
	if i := strings.LastIndexByte(head, '/'); i >= 0 {
		names, head = head[:i], head[i+1:]
		if err := p.segments(&p.head, names); err != nil {
			return p, err
		}
	}
	if strings.HasPrefix(head, ":") {
		return p, errors.New("a placeholder and * can't be one name")
	}
	after, rest, more := strings.Cut(tail, "/")
	var err error
	if p.before, err = unescape(head); err != nil {
		return p, err
	}
	if p.after, err = unescape(after); err != nil {
		return p, err
	}
	if more {
		if err := p.segments(&p.tail, rest); err != nil {
			return p, err
		}
	}
	p.splatAt = len(p.names)
	p.names = append(p.names, splatName)
	return p, nil
}

// segments reads names that are separated by slashes.
func (p *pattern) segments(list *[]segment, text string) error {
	if text == "" {
		return nil
	}
	for name := range strings.SplitSeq(text, "/") {
		s := segment{capture: -1}
		if n := nameLength(name); n > 0 {
			if len(p.names) == maxNames-1 {
				return fmt.Errorf("there are more than %d placeholders", maxNames-1)
			}
			s.capture = len(p.names)
			p.names = append(p.names, name[1:n])
			name = name[n:]
		} else if name == "" || name == "." || name == ".." {
			return fmt.Errorf("a path has no name %q", name)
		}
		var err error
		if s.text, err = unescape(name); err != nil {
			return err
		}
		*list = append(*list, s)
	}
	return nil
}

// match reports whether a request has a path that the pattern describes, and what its placeholders
// stand for.
func (p *pattern) match(r *Request, c *captures) bool {
	if p.host != "" && (p.plain && r.Secure || !sameHost(p.host, r.Host)) {
		return false
	}
	c.slash = 0 // that of another pattern
	if !p.wild {
		return r.Path == p.literal
	}
	rest, more := r.Path, r.Path != ""
	for i := range p.head {
		if !more {
			return false
		}
		var name string
		if name, rest, more = strings.Cut(rest, "/"); !p.head[i].match(name, c) {
			return false
		}
	}
	if !p.splat {
		return !more
	}
	return p.matchSplat(rest, more || len(p.head) == 0, r.Slash, c)
}

// matchSplat matches the rest of a path behind the head. more reports whether there is one, which
// is empty for a folder itself.
func (p *pattern) matchSplat(rest string, more, slash bool, c *captures) bool {
	for i := len(p.tail) - 1; i >= 0; i-- {
		cut := strings.LastIndexByte(rest, '/')
		if cut < 0 || !p.tail[i].match(rest[cut+1:], c) {
			return false
		}
		rest = rest[:cut]
	}
	if len(rest) < len(p.before)+len(p.after) || !more && p.before+p.after != "" ||
		!strings.HasPrefix(rest, p.before) || !strings.HasSuffix(rest, p.after) {
		return false
	}
	rest = rest[len(p.before) : len(rest)-len(p.after)]
	c.text[p.splatAt] = rest
	if slash && rest != "" && p.after == "" && len(p.tail) == 0 {
		c.slash = p.splatAt + 1
	}
	return true
}

func (s *segment) match(name string, c *captures) bool {
	if s.capture < 0 {
		return name == s.text
	}
	if len(name) <= len(s.text) || !strings.HasSuffix(name, s.text) {
		return false
	}
	c.text[s.capture] = name[:len(name)-len(s.text)]
	return true
}

// nameLength returns the length of a placeholder at the start of text with its colon, or 0.
func nameLength(text string) int {
	if len(text) < 2 || text[0] != ':' || !isLetter(text[1]) {
		return 0
	}
	n := 2
	for n < len(text) && (isLetter(text[n]) || '0' <= text[n] && text[n] <= '9' || text[n] == '_') {
		n++
	}
	return n
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// unescape decodes percent-escapes (RFC 3986 §2.1). What they must not stand for is an error.
func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return "", fmt.Errorf("%q has an escape that is not %% and two digits", text)
	}
	if strings.Count(plain, "/") != strings.Count(text, "/") || strings.IndexByte(plain, 0) >= 0 {
		return "", fmt.Errorf("%q has an escaped slash or NUL, which no path has", text)
	}
	return plain, nil
}

// cutScheme cuts http:// or https:// off a URL.
func cutScheme(text string) (rest string, plain, ok bool) {
	if rest, ok = strings.CutPrefix(text, "https://"); ok {
		return rest, false, true
	}
	rest, ok = strings.CutPrefix(text, "http://")
	return rest, true, ok
}

// validHost reports whether a text is a name, an IPv4 address or an IPv6 address in brackets.
func validHost(host string) bool {
	if host == "" || strings.HasSuffix(host, ":") {
		return false
	}
	u, err := url.Parse("http://" + host + "/")
	return err == nil && u.Host == host && u.Port() == "" && u.User == nil &&
		!strings.ContainsAny(host, "*%")
}

// sameHost reports whether a Host field names a host, on any port.
func sameHost(host, field string) bool {
	if len(field) > len(host) && field[len(host)] == ':' {
		field = field[:len(host)]
	}
	return strings.EqualFold(host, field)
}
