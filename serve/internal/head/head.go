package head

import (
	"bytes"
	"strings"

	"github.com/tarpack/tpk/serve/internal/ascii"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Head is the part of a request's line and header fields that is not in a plan.Request.
type Head struct {
	Status  int  // 0, or the error status to answer with before the connection is closed
	Minor   byte // of HTTP/1.x: 0, or 1 for any other
	Close   bool // Connection: close, or HTTP/1.0 without keep-alive
	Content bool // content follows
	Chunked bool // the content is chunked
	Preface bool // this is the connection preface of HTTP/2 up to its empty line (RFC 9113 §3.4)

	// Host, Referer and UserAgent are for the access log, and part of the head's bytes.
	Host, Referer, UserAgent string

	hosts, lengths, codings int
	keepAlive               bool // HTTP/1.0 with Connection: keep-alive
	empty                   bool // Content-Length is 0
}

var endOfHead = []byte("\r\n\r\n")

// Parse reads a request's head from b, which ends in the empty line, into r. The strings of r and h
// are parts of b. Without log, Referer and UserAgent are left out.
func Parse(b []byte, r *plan.Request, log bool) (h Head) {
	r.Method, r.Target = "", ""
	if bytes.IndexByte(b, 0) >= 0 {
		h.Status = 400
		return h
	}
	line, rest := cutLine(b)
	if h.requestLine(line, r); h.Status != 0 || h.Preface {
		return h
	}
	for h.Status == 0 {
		line, rest = cutLine(rest)
		if len(line) == 0 {
			break
		}
		h.field(line, r, log)
	}
	switch {
	case h.Status != 0:
	case h.hosts != 1 && (h.Minor == 1 || h.hosts > 1):
		h.Status = 400 // RFC 9112 §3.2
	case h.lengths > 1, h.codings > 0 && (h.lengths > 0 || h.Minor == 0):
		h.Status = 400 // RFC 9112 §6.3
	case h.codings > 1:
		h.Status = 501
	}
	h.Chunked = h.codings > 0
	h.Content = h.Chunked || h.lengths > 0 && !h.empty
	h.Close = h.Close || h.Minor == 0 && !h.keepAlive
	return h
}

// BadChunk reports whether content that begins with b is not chunked (RFC 9112 §7.1). The content
// of a request is never read, so its first bytes are all that can be checked.
func BadChunk(b []byte) bool {
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

// badLine is a line that no parser accepts.
var badLine = []byte{0}

// requestLine reads "GET /path HTTP/1.1" (RFC 9112 §3).
func (h *Head) requestLine(line []byte, r *plan.Request) {
	h.Status = 400
	m := bytes.IndexByte(line, ' ')
	if m <= 0 || !IsToken(line[:m]) {
		return
	}
	t := m + 1 + bytes.IndexByte(line[m+1:], ' ')
	if t <= m+1 || bytes.IndexByte(line[m+1:t], '\r') >= 0 {
		return
	}
	version := line[t+1:]
	switch ascii.UnsafeString(version) {
	case "HTTP/1.1":
		h.Minor = 1
	case "HTTP/1.0":
	case "HTTP/2.0":
		if h.Preface = ascii.UnsafeString(line[:t]) == "PRI *"; h.Preface {
			h.Status = 0
			return
		}
		h.Status = 505
		return
	default:
		if len(version) != 8 || ascii.UnsafeString(version[:5]) != "HTTP/" || !digit(version[5]) ||
			version[6] != '.' || !digit(version[7]) {
			return
		}
		if version[5] != '1' {
			h.Status = 505
			return
		}
		h.Minor = 1 // a higher minor version gets what 1.1 gets (RFC 9112 §2.3)
	}
	r.Method, r.Target = ascii.UnsafeString(line[:m]), ascii.UnsafeString(line[m+1:t])
	h.Status = 0
}

// field reads a header field line (RFC 9112 §5).
func (h *Head) field(line []byte, r *plan.Request, log bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !IsToken(line[:colon]) || !IsValue(line[colon:]) {
		h.Status = 400 // so are folded lines, and white space before the colon
		return
	}
	h.Field(ascii.UnsafeString(line[:colon]), ascii.UnsafeString(ascii.Trim(line[colon+1:])), r, log)
}

// Field reads a header field, without its white space, into r and h. It keeps parts of value.
func (h *Head) Field(name, value string, r *plan.Request, log bool) {
	switch len(name) {
	case 4:
		if ascii.EqualFold(name, "host") {
			h.hosts++
			if len(value) > 0 && !ascii.ValidAuthority(value) {
				h.Status = 400
			}
			h.Host, r.Authority = value, value
		}
	case 5:
		if ascii.EqualFold(name, "range") {
			join(&r.Range, value)
		}
	case 6:
		if ascii.EqualFold(name, "origin") {
			join(&r.Origin, value)
		} else if ascii.EqualFold(name, "accept") {
			join(&r.Accept, value)
		}
	case 7:
		if log && ascii.EqualFold(name, "referer") {
			h.Referer = value
		}
	case 8:
		if ascii.EqualFold(name, "if-match") {
			join(&r.IfMatch, value)
		} else if ascii.EqualFold(name, "if-range") {
			join(&r.IfRange, value)
		}
	case 9:
		if ascii.EqualFold(name, "forwarded") {
			join(&r.Forwarded, value)
		}
	case 10:
		if ascii.EqualFold(name, "connection") {
			h.connection(value)
		} else if log && ascii.EqualFold(name, "user-agent") {
			h.UserAgent = value
		}
	case 13:
		if ascii.EqualFold(name, "if-none-match") {
			join(&r.IfNoneMatch, value)
		} else if ascii.EqualFold(name, "authorization") {
			join(&r.Authorization, value)
		}
	case 14:
		if ascii.EqualFold(name, "content-length") {
			h.contentLength(value)
		} else if ascii.EqualFold(name, "sec-fetch-site") {
			join(&r.FetchSite, value)
		} else if ascii.EqualFold(name, "sec-fetch-mode") {
			join(&r.FetchMode, value)
		}
	case 15:
		if ascii.EqualFold(name, "accept-encoding") {
			r.HasAcceptEncoding = true
			join(&r.AcceptEncoding, value)
		} else if ascii.EqualFold(name, "accept-language") {
			join(&r.AcceptLanguage, value)
		} else if ascii.EqualFold(name, "x-forwarded-for") {
			join(&r.ForwardedFor, value)
		}
	case 17:
		if ascii.EqualFold(name, "if-modified-since") {
			join(&r.IfModifiedSince, value)
		} else if ascii.EqualFold(name, "transfer-encoding") {
			if h.codings++; !ascii.EqualFold(value, "chunked") {
				h.Status = 501
			}
		} else if ascii.EqualFold(name, "x-forwarded-proto") {
			join(&r.ForwardedProto, value)
		}
	case 19:
		if ascii.EqualFold(name, "if-unmodified-since") {
			join(&r.IfUnmodifiedSince, value)
		}
	case 20:
		if ascii.EqualFold(name, "available-dictionary") {
			join(&r.AvailableDictionary, value)
		}
	case 29:
		if ascii.EqualFold(name, "access-control-request-method") {
			join(&r.RequestMethod, value)
		}
	}
}

// connection reads the options of a Connection field (RFC 9110 §7.6.1).
func (h *Head) connection(value string) {
	for value != "" {
		option, rest, _ := strings.Cut(value, ",")
		option, value = ascii.Trim(option), rest
		h.Close = h.Close || ascii.EqualFold(option, "close")
		h.keepAlive = h.keepAlive || h.Minor == 0 && ascii.EqualFold(option, "keep-alive")
	}
}

// contentLength reads a Content-Length (RFC 9110 §8.6).
func (h *Head) contentLength(value string) {
	h.lengths++
	h.empty = true
	for i := range len(value) {
		if !digit(value[i]) {
			h.Status = 400
		}
		h.empty = h.empty && value[i] == '0'
	}
	if len(value) == 0 || len(value) > 18 {
		h.Status = 400
	}
}

// join sets a field's value, or appends the value of a further line to it (RFC 9110 §5.3).
func join(field *string, value string) {
	if *field == "" {
		*field = value
		return
	}
	*field += ", " + value
}
