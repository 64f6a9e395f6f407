package http2

import (
	"strconv"
	"strings"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/ascii"
	"github.com/tarpack/tpk/serve/internal/head"
	"github.com/tarpack/tpk/serve/internal/http2/hpack"
)

// block is a header block while it is read (RFC 9113 §4.3).
type block struct {
	open      bool    // its end has not come yet
	stream    *stream // that it is for; nil if it is decoded for the dynamic table alone
	trailer   bool    // it is the trailer section
	end       bool    // END_STREAM
	encoded   int     // bytes of its fragments
	size      int     // of its fields, as SETTINGS_MAX_HEADER_LIST_SIZE counts
	malformed bool    // RFC 9113 §8.1.1
	tooLarge  bool
	longPath  bool          // :path is the field that made it too large
	code      http2.ErrCode // to reset the stream with; 0 for none
	id        uint32

	head      head.Head
	scheme    string
	authority string
	host      string
	pseudo    pseudo
	regular   bool // a field that is no pseudo-header field has come
}

// pseudo is a set of pseudo-header fields (RFC 9113 §8.3.1).
type pseudo uint8

const (
	hasMethod pseudo = 1 << iota
	hasScheme
	hasPath
	hasAuthority
	hasHost // the Host field, which has to agree with the authority
)

// beginBlock handles a HEADERS frame.
func (c *conn) beginBlock(f *http2.HeadersFrame) {
	c.block = block{open: true, id: f.StreamID, end: f.StreamEnded()}
	c.decoder.SetSilent(false)
	if f.StreamID <= c.lastID || len(c.streams)+len(c.prepared) >= maxStreams {
		c.sendPrepared()
	}
	c.admit(f)
	if c.ending {
		return
	}
	if f.HasPriority() && f.Priority.StreamDep == f.StreamID {
		c.block.code = http2.ErrCodeProtocol // RFC 7540 §5.3.1
	}
	c.continueBlock(f.HeaderBlockFragment(), f.HeadersEnded())
}

// admit decides what the block of a HEADERS frame is for.
func (c *conn) admit(f *http2.HeadersFrame) {
	b, id := &c.block, f.StreamID
	switch s := c.stream(id); {
	case s != nil && !s.open:
		b.code = http2.ErrCodeStreamClosed // RFC 9113 §5.1, half-closed (remote)
	case s != nil:
		b.stream, b.trailer = s, true
		if !b.end {
			b.code = http2.ErrCodeProtocol // RFC 9113 §8.1
		}
	case id%2 == 0:
		c.fail(http2.ErrCodeProtocol) // RFC 9113 §5.1.1
	case id <= c.lastID && c.wasReset(id):
		c.charge(frameCost)
	case id <= c.lastID:
		c.fail(http2.ErrCodeStreamClosed) // RFC 9113 §5.1, closed
	case c.times.drain == drainLast:
		c.charge(frameCost) // RFC 9113 §6.8
	case len(c.streams) >= maxStreams:
		c.lastID = id
		b.code = http2.ErrCodeRefusedStream // RFC 9113 §5.1.2
	default:
		c.lastID = id
		b.stream = c.newStream(id)
		b.stream.open = !b.end
		if c.logs() {
			b.stream.logged.Proto, b.stream.logged.Remote = "HTTP/2.0", c.peer.Remote
		}
	}
}

// continueBlock decodes a fragment of the block, and handles the block if it was the last one.
func (c *conn) continueBlock(fragment []byte, last bool) {
	b := &c.block
	if b.encoded += len(fragment); b.encoded > blockFactor*c.server.MaxHeader {
		c.fail(http2.ErrCodeEnhanceYourCalm)
	}
	if c.ending {
		return
	}
	if c.decoder.Write(fragment) != nil {
		c.fail(http2.ErrCodeCompression)
		return
	}
	if !last {
		return
	}
	if c.decoder.Close() != nil {
		c.fail(http2.ErrCodeCompression)
		return
	}
	b.open = false
	c.endBlock()
}

// endBlock handles a complete block.
func (c *conn) endBlock() {
	b, s := &c.block, c.block.stream
	b.stream = nil
	if s != nil && !b.trailer && b.code == 0 {
		b.malformed = b.malformed || !b.complete(s)
	}
	if b.malformed && b.code == 0 {
		b.code = http2.ErrCodeProtocol
	}
	switch {
	case b.code != 0:
		if s != nil && !b.trailer {
			c.reuse(s)
		}
		c.reset(b.id, b.code)
	case s == nil:
	case b.trailer && s.closed:
	case b.trailer:
		c.endContent(s)
	default:
		s.began = c.now
		if c.logs() {
			s.logged.Host = b.authority
			s.logged.Referer, s.logged.UserAgent = b.head.Referer, b.head.UserAgent
		}
		switch {
		case b.longPath:
			s.status = 414
		case b.tooLarge:
			s.status = 431
		}
		c.requested(s)
	}
}

// complete reports whether the block has the pseudo-header fields of a request, and makes them the
// request's (RFC 9113 §8.3.1).
func (b *block) complete(s *stream) bool {
	if b.tooLarge { // what follows was not looked at
		return true
	}
	r := &s.request
	if r.Method == "CONNECT" { // RFC 9113 §8.5
		r.Target = b.authority
		return b.pseudo&(hasScheme|hasPath) == 0 && b.authority != ""
	}
	const needed = hasMethod | hasScheme | hasPath
	if b.pseudo&needed != needed || b.scheme == "" {
		return false
	}
	if r.Target == "" || r.Target[0] != '/' && (r.Target != "*" || r.Method != "OPTIONS") {
		return false
	}
	if b.pseudo&hasAuthority == 0 {
		b.authority = b.host
	}
	if b.pseudo&hasHost != 0 && b.host != b.authority {
		return false
	}
	r.Authority = b.authority
	r.BadHost = b.authority != "" && !ascii.ValidAuthority(b.authority)
	return true
}

// field handles a field that was decoded.
func (c *conn) field(f *hpack.Field) {
	b := &c.block
	if b.size += f.Size(); b.size > c.server.MaxHeader+headerSlack {
		b.longPath = !b.tooLarge && f.Name == ":path"
		b.tooLarge = true
		c.decoder.SetSilent(true)
		return
	}
	if b.stream == nil || b.malformed {
		return
	}
	f.Valid = f.Valid || valid(f)
	switch {
	case !f.Valid:
		b.malformed = true
	case f.Name[0] == ':':
		b.malformed = b.regular || b.trailer || !b.pseudoField(f.Name, f.Value)
	default:
		b.regular = true
		b.malformed = !b.regularField(f.Name, f.Value, c.logs())
	}
}

// valid reports whether a field has a name and a value that are allowed (RFC 9113 §8.2.1).
func valid(f *hpack.Field) bool {
	return f.Name != "" && (f.Name[0] == ':' || validName(f.Name)) && head.IsValue(f.Value) &&
		f.Value == ascii.Trim(f.Value)
}

// validName reports whether a field name is a token without upper-case letters (RFC 9113 §8.2.1).
func validName(name string) bool {
	upper := false
	for i := range len(name) {
		upper = upper || name[i]-'A' <= 'Z'-'A'
	}
	return !upper && head.IsToken(name)
}

// pseudoField handles a pseudo-header field. It returns false if the request is malformed.
func (b *block) pseudoField(name, value string) bool {
	r := &b.stream.request
	var p pseudo
	ok := true
	switch name {
	case ":method":
		p, r.Method, ok = hasMethod, value, value != "" && head.IsToken(value)
	case ":scheme":
		p, b.scheme = hasScheme, value
	case ":path":
		p, r.Target, ok = hasPath, value, !strings.ContainsAny(value, " \t")
	case ":authority":
		p, b.authority = hasAuthority, value
	}
	if p == 0 || b.pseudo&p != 0 || !ok {
		return false
	}
	b.pseudo |= p
	return true
}

// regularField handles a field that is no pseudo-header field. It returns false if the request is
// malformed.
func (b *block) regularField(name, value string, logs bool) bool {
	s := b.stream
	switch name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return false // RFC 9113 §8.2.2
	case "te":
		return ascii.EqualFold(value, "trailers")
	}
	if b.trailer {
		return true
	}
	switch name {
	case "content-length":
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil || s.declared >= 0 && s.declared != int64(n) {
			return false
		}
		s.declared = int64(n)
	case "expect":
		s.expects = true
	case "host":
		if b.pseudo&hasHost != 0 {
			return false
		}
		b.pseudo |= hasHost
		b.host = value
	default:
		b.head.Field(name, value, &s.request, logs)
	}
	return true
}
