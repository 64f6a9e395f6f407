package siterules

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// target is where a rule leads: a path below the root of the site, or a URL.
type target struct {
	absolute string // scheme and authority of a URL; "" for a path of the site
	host     string // of a URL, lower case
	plain    bool   // its scheme is http
	path     []piece
	rest     []piece // the query and the fragment, with ? or # before them
	query    bool    // there is a query
}

// piece is text, or a placeholder.
type piece struct {
	text    string // escaped as a URL needs it
	plain   string // the same, decoded; of paths only
	capture int    // -1: text
}

// parseTarget reads a target whose placeholders have names.
func parseTarget(text string, names []string) (target, error) {
	var t target
	if rest, plain, ok := cutScheme(text); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		t.absolute, t.plain = text[:len(text)-len(rest)+end], plain
		u, err := url.Parse(t.absolute)
		if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(t.absolute, "*%\\") ||
			u.Host != rest[:end] || strings.HasSuffix(u.Host, ":") {
			return t, fmt.Errorf("%q is no host; placeholders stand after it only", rest[:end])
		}
		t.host, text = strings.ToLower(rest[:end]), rest[end:]
	} else if strings.HasPrefix(text, "//") || strings.HasPrefix(text, `/\`) {
		return t, errors.New("the target has two slashes: write https:// before a host")
	}
	path, rest := text, ""
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		path, rest = text[:i], text[i:]
		t.query = text[i] == '?'
	}
	var err error
	t.path = parsePieces(strings.TrimPrefix(path, "/"), names, escapeText)
	for i := range t.path {
		if t.path[i].plain, err = unescape(t.path[i].text); err != nil {
			return t, err
		}
	}
	if t.absolute == "" && hasDots(path) {
		return t, errors.New("the target has . or .. as a name")
	}
	t.rest = parsePieces(rest, names, escapeText)
	return t, nil
}

// hasDots reports whether a path has . or .. as a name.
func hasDots(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(name)
		if err != nil || plain == "." || plain == ".." {
			return true
		}
	}
	return false
}

// parsePieces splits a text at the placeholders that have names. escape is applied to the others.
func parsePieces(text string, names []string, escape func(string) string) []piece {
	var list []piece
	start := 0
	for i := 0; i < len(text); i++ {
		n := nameLength(text[i:])
		k := -1
		if n > 0 {
			k = slices.Index(names, text[i+1:i+n])
		}
		if k < 0 {
			continue
		}
		if start < i {
			list = append(list, piece{text: escape(text[start:i]), capture: -1})
		}
		list = append(list, piece{capture: k})
		start, i = i+n, i+n-1
	}
	if start < len(text) {
		list = append(list, piece{text: escape(text[start:]), capture: -1})
	}
	return list
}

// escapeText escapes what must not stand in a URL, and keeps the escapes that are there.
func escapeText(text string) string {
	var b []byte
	for i := range len(text) {
		if c := text[i]; c > ' ' && c < 0x7f && strings.IndexByte("\"<>\\^`{|}", c) < 0 {
			b = append(b, c)
		} else {
			b = appendEscape(b, c)
		}
	}
	return string(b)
}

// appendPath appends the path with its placeholders replaced, as a URL has it.
func (t *target) appendPath(dst []byte, c *captures) []byte {
	for i := range t.path {
		p := &t.path[i]
		if p.capture < 0 {
			dst = append(dst, p.text...)
			continue
		}
		plain := pathByte
		if p.capture >= c.decoded {
			plain = unreserved // a slash in a parameter separates nothing
		}
		dst = appendEscaped(dst, c.text[p.capture], plain)
		dst = c.end(dst, p.capture)
	}
	return dst
}

// appendPlain appends the path with its placeholders replaced, decoded.
func (t *target) appendPlain(dst []byte, c *captures) []byte {
	for i := range t.path {
		p := &t.path[i]
		if p.capture < 0 {
			dst = append(dst, p.plain...)
			continue
		}
		dst = append(dst, c.text[p.capture]...)
		dst = c.end(dst, p.capture)
	}
	return dst
}

// appendRest appends the query and the fragment.
func (t *target) appendRest(dst []byte, c *captures) []byte {
	for i := range t.rest {
		p := &t.rest[i]
		if p.capture < 0 {
			dst = append(dst, p.text...)
			continue
		}
		dst = appendEscaped(dst, c.text[p.capture], unreserved)
		dst = c.end(dst, p.capture)
	}
	return dst
}

// end appends the slash that a capture has besides its text, if it has one.
func (c *captures) end(dst []byte, capture int) []byte {
	if c.slash == capture+1 {
		return append(dst, '/')
	}
	return dst
}

// appendEscaped appends a text with each byte escaped for which plain is false.
func appendEscaped(dst []byte, text string, plain func(byte) bool) []byte {
	for i := range len(text) {
		if c := text[i]; plain(c) {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(dst, '%', digits[c>>4], digits[c&15])
}

// unreserved reports whether c is an unreserved character (RFC 3986 §2.3).
func unreserved(c byte) bool {
	return isLetter(c) || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// pathByte reports whether c may stand unescaped in a path, where no parser treats it in a special
// way.
func pathByte(c byte) bool { return unreserved(c) || strings.IndexByte("/!$()*+,;=@", c) >= 0 }
