package engine

import (
	"bytes"
	"unsafe"
)

// head is a request's line and header fields, the parts that are not in a plan.Request. It is read strictly by RFC 9112:
// what two programs could read in two ways is an error, so nobody can smuggle a request past a proxy.
type head struct {
	status  int  // 0, or the error to answer with; the connection is closed after it
	minor   byte // of HTTP/1.x
	close   bool // Connection: close, or HTTP/1.0 without keep
	keep    bool // HTTP/1.0 with Connection: keep-alive
	body    bool // content follows
	preface bool // it is the connection preface of HTTP/2 (RFC 9113 §3.4), up to its empty line

	hosts, lengths, codings int
	zero                    bool // Content-Length is 0
}

var endOfHead = []byte("\r\n\r\n")

// parseHead reads a request's head out of b, which ends in the empty line, into j: its strings are views of b.
func parseHead(b []byte, j *job, log bool) (h head) {
	j.Request.Method, j.Request.Target = "", ""
	if bytes.IndexByte(b, 0) >= 0 {
		h.status = 400
		return h
	}
	line, rest := cutLine(b)
	if h.requestLine(line, j); h.status != 0 || h.preface {
		return h
	}
	for h.status == 0 {
		line, rest = cutLine(rest)
		if len(line) == 0 {
			break
		}
		h.field(line, j, log)
	}
	switch {
	case h.status != 0:
	case h.hosts != 1 && (h.minor == 1 || h.hosts > 1):
		h.status = 400 // RFC 9112 §3.2
	case h.lengths > 1, h.codings > 0 && (h.lengths > 0 || h.minor == 0):
		h.status = 400 // RFC 9112 §6.3
	case h.codings > 1:
		h.status = 501
	}
	h.body = h.codings > 0 || h.lengths > 0 && !h.zero
	h.close = h.close || h.minor == 0 && !h.keep
	return h
}

// badChunk tells if content that begins so is not in chunks (RFC 9112 §7.1). Nobody reads the content of a request here, so that is all that is
// ever known of it.
func badChunk(b []byte) bool {
	digits := 0
	for digits < len(b) && (digit(b[digits]) || b[digits]|0x20 >= 'a' && b[digits]|0x20 <= 'f') {
		digits++
	}
	rest := b[digits:]
	switch {
	case digits > 16:
		return true
	case len(rest) == 0: // the rest is yet to come
		return false
	case digits == 0:
		return true
	case rest[0] == '\r':
		return len(rest) > 1 && rest[1] != '\n'
	}
	return rest[0] != ';' && rest[0] != ' ' && rest[0] != '\t'
}

// cutLine takes a line off b, without its CRLF. b has one, since its end has.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return badLine, nil
	}
	return b[:i-1], b[i+1:]
}

// badLine is a line that no parser takes.
var badLine = []byte{0}

// requestLine reads "GET /path HTTP/1.1" (RFC 9112 §3).
func (h *head) requestLine(line []byte, j *job) {
	h.status = 400
	m := bytes.IndexByte(line, ' ')
	if m <= 0 || !isToken(line[:m]) {
		return
	}
	t := m + 1 + bytes.IndexByte(line[m+1:], ' ')
	if t <= m+1 || bytes.IndexByte(line[m+1:t], '\r') >= 0 {
		return
	}
	version := line[t+1:]
	switch view(version) {
	case "HTTP/1.1":
		h.minor = 1
	case "HTTP/1.0":
	case "HTTP/2.0":
		if h.preface = view(line[:t]) == "PRI *"; h.preface {
			h.status = 0
			return
		}
		h.status = 505
		return
	default:
		if len(version) == 8 && view(version[:5]) == "HTTP/" && digit(version[5]) && version[6] == '.' && digit(version[7]) {
			h.status = 505
		}
		return
	}
	j.Request.Method, j.Request.Target = view(line[:m]), view(line[m+1:t])
	h.status = 0
}

// field reads a header field line (RFC 9112 §5).
func (h *head) field(line []byte, j *job, log bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !isToken(line[:colon]) || !isValue(line[colon:]) {
		h.status = 400 // also a line that continues the one before, and white space before the colon
		return
	}
	name, value := line[:colon], trim(line[colon+1:])
	r := &j.Request
	switch len(name) {
	case 4:
		if is(name, "host") {
			h.hosts++
			if !validHost(value) {
				h.status = 400
			}
			j.host = view(value)
		}
	case 5:
		if is(name, "range") {
			join(&r.Range, value)
		}
	case 6:
		if is(name, "origin") {
			join(&r.Origin, value)
		} else if is(name, "accept") {
			join(&r.Accept, value)
		}
	case 7:
		if log && is(name, "referer") {
			j.referer = view(value)
		}
	case 8:
		if is(name, "if-match") {
			join(&r.IfMatch, value)
		} else if is(name, "if-range") {
			join(&r.IfRange, value)
		}
	case 10:
		if is(name, "connection") {
			h.connection(value)
		} else if log && is(name, "user-agent") {
			j.userAgent = view(value)
		}
	case 13:
		if is(name, "if-none-match") {
			join(&r.IfNoneMatch, value)
		}
	case 14:
		if is(name, "content-length") {
			h.contentLength(value)
		}
	case 15:
		if is(name, "accept-encoding") {
			r.HasAcceptEncoding = true
			join(&r.AcceptEncoding, value)
		}
	case 17:
		if is(name, "if-modified-since") {
			join(&r.IfModifiedSince, value)
		} else if is(name, "transfer-encoding") {
			if h.codings++; !is(value, "chunked") {
				h.status = 501
			}
		}
	case 19:
		if is(name, "if-unmodified-since") {
			join(&r.IfUnmodifiedSince, value)
		}
	case 29:
		if is(name, "access-control-request-method") {
			join(&r.RequestMethod, value)
		}
	}
}

// connection looks for "close" among the options, and for "keep-alive" in HTTP/1.0.
func (h *head) connection(value []byte) {
	for len(value) > 0 {
		option := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			option, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		option = trim(option)
		h.close = h.close || is(option, "close")
		h.keep = h.keep || h.minor == 0 && is(option, "keep-alive")
	}
}

func (h *head) contentLength(value []byte) {
	h.lengths++
	h.zero = true
	for _, c := range value {
		if !digit(c) {
			h.status = 400
		}
		h.zero = h.zero && c == '0'
	}
	if len(value) == 0 || len(value) > 18 {
		h.status = 400
	}
}

// join sets a field's value, or adds to it that of a further line (RFC 9110 §5.3).
func join(field *string, value []byte) {
	if *field == "" {
		*field = view(value)
		return
	}
	*field += ", " + string(value)
}

// tokenChar has 1 for the characters of a token (RFC 9110 §5.6.2), hostChar for those of a Host (RFC 3986 §3.2.2 and a port).
var tokenChar, hostChar = charset("!#$%&'*+-.^_`|~"), charset("!$%&'()*+,-.:;=[]_~")

func charset(more string) (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = 1
	}
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-0x20] = 1, 1
	}
	for _, c := range more {
		t[c] = 1
	}
	return t
}

func isToken(b []byte) bool {
	ok := uint8(1)
	for _, c := range b {
		ok &= tokenChar[c]
	}
	return ok == 1
}

// isValue tells if a field value has no control characters but tabs (RFC 9110 §5.5).
func isValue(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

func validHost(b []byte) bool {
	ok := uint8(1)
	for _, c := range b {
		ok &= hostChar[c]
	}
	return ok == 1
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// is compares with a lower-case word of letters and hyphens, whatever case b is in.
func is(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c != lower[i] && (c|0x20 != lower[i] || c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// view is b as a string, for as long as b does not change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
