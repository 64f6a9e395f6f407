package plan

import (
	"net/http"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// verdict is the result of a request's preconditions.
type verdict uint8

const (
	proceed verdict = iota
	notModified
	failed
)

// precondition evaluates a conditional request in the order of RFC 9110 §13.2.2. tag is the
// entity-tag of the selected representation, and modTime its modification date or 0.
func precondition(r *Request, tag []byte, modTime int64) verdict {
	switch {
	case r.IfMatch != "":
		if !matches(r.IfMatch, tag, false) {
			return failed
		}
	case r.IfUnmodifiedSince != "" && modTime > 0:
		if t, ok := parseTime(r.IfUnmodifiedSince); ok && modTime > t {
			return failed
		}
	}
	switch {
	case r.IfNoneMatch != "":
		if matches(r.IfNoneMatch, tag, true) {
			return notModified
		}
	case r.IfModifiedSince != "" && modTime > 0:
		if t, ok := parseTime(r.IfModifiedSince); ok && modTime <= t {
			return notModified
		}
	}
	return proceed
}

// rangeHolds reports whether Range is to be used, by If-Range (RFC 9110 §13.1.5): the validator
// must be the same entity-tag, by strong comparison, or exactly the same date.
func rangeHolds(value string, tag []byte, modTime int64) bool {
	value = ascii.Trim(value)
	if value == "" {
		return true
	}
	if value[0] == '"' || len(value) > 1 && value[0] == 'W' && value[1] == '/' {
		return value == string(tag)
	}
	t, ok := parseTime(value)
	return ok && modTime > 0 && t == modTime
}

// matches reports whether a list of entity-tags, or "*", has the strong tag. weak allows a weak one
// in the list to match.
func matches(list string, tag []byte, weak bool) bool {
	for {
		list = ascii.Trim(list)
		if list == "" {
			return false
		}
		if list[0] == ',' {
			list = list[1:]
			continue
		}
		if list[0] == '*' {
			return true
		}
		isWeak := len(list) > 2 && list[0] == 'W' && list[1] == '/'
		if isWeak {
			list = list[2:]
		}
		end := closingQuote(list)
		if end < 0 {
			return false
		}
		if (weak || !isWeak) && list[:end+1] == string(tag) {
			return true
		}
		list = list[end+1:]
	}
}

// closingQuote returns the index of the end of the opaque-tag at the start of s, or −1.
func closingQuote(s string) int {
	if s == "" || s[0] != '"' {
		return -1
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i
		case c < 0x21 || c == 0x7f:
			return -1
		}
	}
	return -1
}

// parseTime reads an HTTP-date into seconds since 1970.
func parseTime(s string) (int64, bool) {
	t, err := http.ParseTime(s)
	return t.Unix(), err == nil
}
