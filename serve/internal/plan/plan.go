package plan

import (
	"net/http"
	"strconv"
)

// BodyKind says what an engine has to do to send a body.
type BodyKind uint8

const (
	NoBody      BodyKind = iota // nothing
	TextBody                    // Body.Text
	SpanBody                    // bytes Offset to Offset+Length of the source's file
	ContentBody                 // bytes Offset to Offset+Length of the content, taken out of its gzip member
	ListingBody                 // to be rendered from Body.Listing, and then shown by Plan.Show
	PartsBody                   // multipart/byteranges of the content: each part's Head and bytes, then Tail
)

// Body is where the bytes of a response come from.
type Body struct {
	Kind           BodyKind
	Node           Node
	Offset, Length int64
	Text           string
	Parts          []Part
	Tail           string
	Listing        *Listing
}

// Part is one range of a multipart/byteranges body (RFC 9110 §14.6).
type Part struct {
	Head           string // delimiter and header fields
	Offset, Length int64  // of the content
}

// Plan is the answer to one request. It is valid until the next call of Planner.Plan with it.
type Plan struct {
	Status int
	Length int64 // Content-Length; -1: none is sent
	Body   Body  // also filled for HEAD, whose response leaves it out

	Type         string // Content-Type
	Gzip         bool   // Content-Encoding: gzip
	CacheControl string
	RetryAfter   int // seconds; 0: not sent

	noContent  bool // HEAD, 304 and the like: the body is described, not sent
	ranges     bool // Accept-Ranges: bytes
	vary       bool // Vary: Accept-Encoding
	allow      bool
	preflight  bool
	tagged     bool
	tagGzip    bool
	tag        uint64
	modTime    int64 // Last-Modified; 0: none
	rangeFirst int64 // Content-Range of a single part
	rangeSize  int64 // its complete length; -1: no Content-Range
	location   []byte
	filename   string // Content-Disposition
	origin     string // Access-Control-Allow-Origin; "": none
	fields     string // further header fields of this answer, rendered
	fixed      string // the configured header fields, rendered

	path    []byte // scratch: the decoded path
	scratch []byte // scratch: other paths derived from it
	parts   []Part // kept for its room
}

// Sends is false for a response without content: to HEAD, and those of RFC 9110 §6.4.1.
func (p *Plan) Sends() bool { return !p.noContent && p.Body.Kind != NoBody && p.Length > 0 }

func (p *Plan) reset(fixed string) {
	*p = Plan{
		Length: -1, rangeSize: -1, fixed: fixed,
		location: p.location[:0], path: p.path[:0], scratch: p.scratch[:0], parts: p.parts[:0],
	}
}

// text makes the plan an answer of one line, without validators.
func (p *Plan) text(status int, body string) {
	p.Status = status
	p.Type = "text/plain; charset=utf-8"
	p.Length = int64(len(body))
	p.Body = Body{Kind: TextBody, Text: body}
}

// Fail makes p the answer to a request whose planning met an error: 500 and nothing that tells more.
func (p *Plan) Fail() {
	p.reset(p.fixed)
	p.text(500, "500 Internal Server Error\n")
}

// Reject makes p, which may have been any planner's, the answer to what is no request that could be planned: 400, 408,
// 431, 501 or 505.
func (pl *Planner) Reject(p *Plan, status int) {
	p.reset(pl.fixed)
	p.text(status, strconv.Itoa(status)+" "+http.StatusText(status)+"\n")
}

// Unavailable makes p the answer of a server that can't answer yet, 503 with Retry-After in seconds.
func (pl *Planner) Unavailable(r *Request, p *Plan, retry int) {
	p.reset(pl.fixed)
	p.text(503, "503 Service Unavailable\n")
	p.RetryAfter = retry
	p.noContent = r.Method == "HEAD"
}
