package plan

import (
	"bytes"
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// pathShape is the result of a scan of a request's path.
type pathShape uint8

const (
	goodPath   pathShape = iota
	badPath              // malformed, or a name that no entry can have: 400
	slashPath            // an escaped slash, which no name has: 404
	doublePath           // empty components, which are taken out
)

// splitTarget returns the path and the query of a request-target in origin-form or absolute-form: a
// server must accept both (RFC 9112 §3.2). The path begins with a slash. ok is false if there is
// none.
func splitTarget(target string) (path, query string, ok bool) {
	if target == "" {
		return "", "", false
	}
	if target[0] != '/' {
		rest, found := cutScheme(target)
		if !found {
			return "", "", false
		}
		i := 0
		for i < len(rest) && rest[i] != '/' && rest[i] != '?' {
			i++
		}
		if !ascii.ValidAuthority(rest[:i]) {
			return "", "", false
		}
		if target = rest[i:]; target == "" || target[0] == '?' {
			if target != "" {
				query = target[1:]
			}
			return "/", query, true
		}
	}
	for i := 0; i < len(target); i++ {
		if target[i] == '?' {
			return target[:i], target[i+1:], true
		}
	}
	return target, "", true
}

// cutScheme cuts "http://" or "https://" off target.
func cutScheme(target string) (rest string, ok bool) {
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(target) > len(scheme) && ascii.EqualFold(target[:len(scheme)], scheme) {
			return target[len(scheme):], true
		}
	}
	return "", false
}

// decode returns the path of an entry for the path of a target, which begins with a slash: without
// slashes at its ends, and unescaped once. slash reports whether it ended in a slash. The result is
// part of raw if nothing had to change, and else in p.path.
func (p *Plan) decode(raw string) (path string, slash bool, shape pathShape) {
	simple := true
	for i := range len(raw) {
		switch pathBytes[raw[i]] {
		case badByte:
			return "", false, badPath
		case escapeByte:
			simple = false
		case slashByte:
			if i+1 < len(raw) && (raw[i+1] == '/' || raw[i+1] == '.') {
				simple = false
			}
		}
	}
	path = raw[1:]
	if !simple {
		if path, shape = p.unescape(raw); shape == badPath || shape == slashPath {
			return "", false, shape
		}
	}
	if path != "" && path[len(path)-1] == '/' {
		return path[:len(path)-1], true, shape
	}
	return path, path == "", shape
}

// Kinds of bytes in a raw path.
const (
	badByte = 1 + iota
	escapeByte
	slashByte
)

var pathBytes = func() (kinds [256]uint8) {
	for c := range ' ' + 1 {
		kinds[c] = badByte
	}
	kinds[0x7f], kinds['#'], kinds['%'], kinds['/'] = badByte, badByte, escapeByte, slashByte
	return kinds
}()

// unescape is decode for paths with escapes, with dots at the start of a name, or with empty
// components. It takes out empty components and dot segments, escaped or not, as nginx does:
// clients should do that (RFC 3986 §6.2.2.3), but apt and others don't. A path that leads above the
// root is bad. One with dot segments is not redirected for its empty components.
func (p *Plan) unescape(raw string) (string, pathShape) {
	out, shape := p.path[:0], goodPath
	start := 0    // of the component in out
	first := 1    // of the component in raw
	dots := false // there were dot segments
	for i := 1; i <= len(raw); i++ {
		if i == len(raw) || raw[i] == '/' {
			name, end := out[start:], i == len(raw)
			if dot, up := string(name) == ".", string(name) == ".."; dot || up {
				if up && start == 0 {
					return "", badPath
				}
				dots = true
				p.moved = p.moved || len(name) != i-first || up && end
				if up {
					start = bytes.LastIndexByte(out[:start-1], '/') + 1
				}
				out = out[:start]
				first = i + 1
				continue
			}
			first = i + 1
			if end {
				break
			}
			if len(name) == 0 {
				shape = doublePath
				continue
			}
			out = append(out, '/')
			start = len(out)
			continue
		}
		c := raw[i]
		if c == '%' {
			if i+2 >= len(raw) {
				return "", badPath
			}
			hi, lo := unhex(raw[i+1]), unhex(raw[i+2])
			if hi > 15 || lo > 15 || hi|lo == 0 {
				return "", badPath
			}
			if c = hi<<4 | lo; c == '/' {
				return "", slashPath
			}
			i += 2
		}
		out = append(out, c)
	}
	if p.path = out; dots {
		shape = goodPath
	}
	return ascii.UnsafeString(out), shape
}

// unhex returns the value of a hexadecimal digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// pathChar reports whether c may stand unescaped in a path of a Location. These are the unreserved
// characters (RFC 3986 §2.3), the slash, and a few more that no parser treats in a special way.
func pathChar(c byte) bool {
	switch c {
	case '-', '.', '_', '~', '/', '!', '$', '(', ')', '*', '+', ',', ';', '=', '@':
		return true
	}
	return isAlnum(c)
}

// queryChar is pathChar for a query, which comes with its escapes.
func queryChar(c byte) bool { return pathChar(c) || strings.IndexByte("%&?:'", c) >= 0 }

// attrChar reports whether c may stand unescaped in an extended parameter (RFC 8187 §3.2.1).
func attrChar(c byte) bool {
	switch c {
	case '-', '.', '_', '~', '!', '#', '$', '&', '+', '^', '`', '|':
		return true
	}
	return isAlnum(c)
}

// appendEscaped appends s with every byte percent-encoded for which plain is false.
func appendEscaped(dst []byte, s string, plain func(byte) bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		if c := s[i]; plain(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// queryValue returns the first value of a key in a query, still escaped: tpk's own keys and values
// need no escapes.
func queryValue(query, key string) string {
	for query != "" {
		pair := query
		query = ""
		for i := 0; i < len(pair); i++ {
			if pair[i] == '&' {
				pair, query = pair[:i], pair[i+1:]
				break
			}
		}
		if len(pair) > len(key) && pair[len(key)] == '=' && pair[:len(key)] == key {
			return pair[len(key)+1:]
		}
	}
	return ""
}
