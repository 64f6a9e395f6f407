package http2

import (
	"bytes"
	"strconv"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// The fields of answers are literals without indexing, with names out of the static table (RFC 7541
// §6.2.2, appendix A). So the dynamic table of the client stays empty, and there is no state to
// keep. Values are not Huffman-coded: that takes longer than to send 60 bytes more.

// staticName returns the index of a name in the static table, by the name as package plan writes
// it, or 0.
func staticName(name []byte) byte {
	switch string(name) {
	case "Accept-Ranges":
		return 18
	case "Access-Control-Allow-Origin":
		return 20
	case "Age":
		return 21
	case "Allow":
		return 22
	case "Cache-Control":
		return 24
	case "Content-Disposition":
		return 25
	case "Content-Encoding":
		return 26
	case "Content-Language":
		return 27
	case "Content-Length":
		return 28
	case "Content-Location":
		return 29
	case "Content-Range":
		return 30
	case "Content-Type":
		return 31
	case "ETag":
		return 34
	case "Expires":
		return 36
	case "Last-Modified":
		return 44
	case "Link":
		return 45
	case "Location":
		return 46
	case "Refresh":
		return 52
	case "Retry-After":
		return 53
	case "Server":
		return 54
	case "Set-Cookie":
		return 55
	case "Strict-Transport-Security":
		return 56
	case "Vary":
		return 59
	}
	return 0
}

// staticStatuses are indexes of whole fields in the static table, by status.
var staticStatuses = map[int]byte{200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14}

const (
	statusName = 8 // an index of the name ":status"
	dateName   = 33
	indexed    = 0x80
	// noTable changes the size of the dynamic table to 0 (RFC 7541 §6.3).
	noTable = 0x20
)

// appendHead appends the answer's header fields: a HEADERS frame and, if they are long,
// CONTINUATION frames.
func (c *conn) appendHead(s *stream, x *respond.Exchange) {
	start := len(c.out)
	c.out = appendFrame(c.out, http2.FrameHeaders, 0, s.id, 0)
	if c.resize {
		c.resize = false
		c.out = append(c.out, noTable)
	}
	c.out = appendStatus(c.out, x.Plan.Status)
	c.out = appendName(c.out, dateName)
	c.out = append(c.out, dateLength)
	c.out = plan.AppendTime(c.out, x.Began.Unix())
	// Behind the body there is room for the fields.
	c.out = appendBlock(c.out, c.server.Responder.AppendFields(x.Out[len(x.Out):], x))
	var flags http2.Flags
	if !sends(s, x) {
		flags = http2.FlagHeadersEndStream
	}
	c.out = cutBlock(c.out, start, flags, s.id)
}

// dateLength is the length of an HTTP-date (RFC 9110 §5.6.7).
const dateLength = 29

func appendStatus(b []byte, status int) []byte {
	if i := staticStatuses[status]; i != 0 {
		return append(b, indexed|i)
	}
	b = append(appendName(b, statusName), 3)
	return strconv.AppendInt(b, int64(status), 10)
}

// appendBlock appends fields, each "Name: value\r\n", as literals. Fields of a connection have no
// place in HTTP/2 (RFC 9113 §8.2.2).
func appendBlock(b, fields []byte) []byte {
	for len(fields) > 0 {
		end := bytes.IndexByte(fields, '\n')
		colon := bytes.IndexByte(fields, ':')
		if colon < 0 || end < colon+2 {
			break
		}
		name, value := fields[:colon], fields[colon+2:end-1]
		fields = fields[end+1:]
		if i := staticName(name); i != 0 {
			b = appendName(b, i)
		} else if ofConnection(name) {
			continue
		} else {
			b = appendLower(appendInt(append(b, 0, 0), 7, len(name)), name)
		}
		b = append(appendInt(append(b, 0), 7, len(value)), value...)
	}
	return b
}

// ofConnection reports whether a field is one of the connection.
func ofConnection(name []byte) bool {
	for _, n := range []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding",
		"upgrade"} {
		if len(n) == len(name) && bytes.EqualFold([]byte(n), name) {
			return true
		}
	}
	return false
}

// appendName appends the beginning of a literal without indexing, with a name of the static table.
func appendName(b []byte, i byte) []byte { return appendInt(append(b, 0), 4, int(i)) }

// appendInt makes n the value of the low bits of b's last byte, and of bytes that it appends (RFC
// 7541 §5.1).
func appendInt(b []byte, bits, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		b[len(b)-1] |= byte(n)
		return b
	}
	b[len(b)-1] |= byte(most)
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func appendLower(b, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}

// cutBlock completes the HEADERS frame that begins at start, and makes frames of at most maxFrame
// bytes out of it.
func cutBlock(b []byte, start int, flags http2.Flags, id uint32) []byte {
	rest := len(b) - start - frameHeaderLength
	kind := http2.FrameHeaders
	for {
		n := min(rest, maxFrame)
		if n == rest {
			flags |= http2.FlagHeadersEndHeaders
		}
		_ = appendFrame(b[:start], kind, flags, id, n) // in its place
		if rest -= n; rest == 0 {
			return b
		}
		start += frameHeaderLength + n
		var header [frameHeaderLength]byte
		b = append(b, header[:]...)
		copy(b[start+frameHeaderLength:], b[start:])
		kind, flags = http2.FrameContinuation, 0
	}
}
