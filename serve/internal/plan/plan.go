package plan

import (
	"net/http"
	"strconv"
)

// BodyKind is the way to send a body.
type BodyKind uint8

const (
	NoBody       BodyKind = iota // there is none
	TextBody                     // Body.Text
	SpanBody                     // bytes from Offset to Offset+Length of the source's file
	ContentBody                  // bytes from Offset to Offset+Length of the inflated content
	ListingBody                  // render Body.Listing, then call Plan.Show
	InflatedBody                 // the content, inflated; call Plan.ShowInflated first
	PartsBody                    // multipart/byteranges: each part's Head and content, then Tail
	VariantBody                  // bytes from Offset to Offset+Length of the source's variants file
)

// Body is where the bytes of a response come from.
type Body struct {
	Kind           BodyKind
	Node           Node
	Offset, Length int64
	Sum            uint64 // checksum of a VariantBody
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
	Body   Body  // also set for HEAD, whose response leaves it out

	Type         string // Content-Type
	Encoding     Encoding
	CacheControl string
	RetryAfter   int // seconds; 0: not sent

	noContent      bool // the body is described but not sent, as for HEAD
	ranges         bool // Accept-Ranges: bytes
	vary           bool // Vary: Accept-Encoding
	sandboxed      bool // Content-Security-Policy: sandbox
	private        bool // only some clients may have it: Cache-Control: private
	allow          bool
	preflight      bool
	tagged         bool
	tagSuffix      string
	tag            uint64
	dictionary     uint64      // of DictionaryZstd, as in the entity-tag
	announced      *Dictionary // Link with rel="compression-dictionary"; nil: none
	above          int         // how many folders of the path are below the dictionary's
	varyDictionary bool        // Vary: Available-Dictionary
	digest         [32]byte    // Repr-Digest; zero: none
	modTime        int64       // Last-Modified; 0: none
	rangeFirst     int64       // Content-Range of a single part
	rangeSize      int64       // its complete length; -1: no Content-Range
	location       []byte
	filename       string // Content-Disposition
	origin         string // Access-Control-Allow-Origin; "": none
	fields         string // further header fields of this answer, rendered
	fixed          string // the configured header fields, rendered
	site           []byte // those that the site asks for, rendered; part of ruled

	moved   bool   // the path has dot segments from which clients resolve references differently
	path    []byte // scratch: the decoded path
	scratch []byte // scratch: other paths derived from it
	parts   []Part // kept for its memory
	ruled   *ruled // kept for its memory; nil until a site has rules
}

// Sends reports whether the response has content. It has none for HEAD, and for the statuses of RFC
// 9110 §6.4.1.
func (p *Plan) Sends() bool { return !p.noContent && p.Body.Kind != NoBody && p.Length > 0 }

// reset empties p, but keeps its memory.
func (p *Plan) reset(fixed string) {
	*p = Plan{
		Length: -1, rangeSize: -1, fixed: fixed,
		location: p.location[:0], path: p.path[:0], scratch: p.scratch[:0], parts: p.parts[:0],
		ruled: p.ruled,
	}
}

// text makes p an answer of one line, without validators.
func (p *Plan) text(status int, body string) {
	p.Status = status
	p.Type = "text/plain; charset=utf-8"
	p.Length = int64(len(body))
	p.Body = Body{Kind: TextBody, Text: body}
}

// Fail makes p a 500, which gives no reason. The answer to HEAD stays without content.
func (p *Plan) Fail() {
	head := p.noContent
	p.reset(p.fixed)
	p.text(500, "500 Internal Server Error\n")
	p.noContent = head
}

// Gone makes p the answer to a client that has gone away. It has the status that nginx logs then.
func (p *Plan) Gone() {
	p.reset(p.fixed)
	p.text(499, "499 Client Closed Request\n")
	p.noContent = true
}

// Reject makes p the answer to what can't be planned because it is not a request: 400, 408, 414,
// 431, 501 or 505. p may have been used by another Planner.
func (pl *Planner) Reject(p *Plan, status int) {
	p.reset(pl.fixed)
	why := ""
	if status == http.StatusRequestURITooLong && !pl.options.NoDownload {
		why = longSelection
	}
	p.text(status, strconv.Itoa(status)+" "+http.StatusText(status)+why+"\n")
}

// longSelection is what to do if the names of a selection make a request too long. No other address
// is that long.
const longSelection = ": name fewer files, or whole folders; or choose them by their numbers n, " +
	"which ?list&format=json has"

// RetrySoon is the Retry-After of an answer that should be asked for again in a moment, in seconds.
const RetrySoon = 5

// TooMany makes p a 429 with a Retry-After of retry seconds (RFC 6585 §4).
func (pl *Planner) TooMany(r *Request, p *Plan, retry int) {
	p.reset(pl.fixed)
	p.text(429, "429 Too Many Requests\n")
	p.RetryAfter = retry
	p.noContent = r.Method == "HEAD"
}

// Unavailable makes p a 503 with a Retry-After of retry seconds.
func (pl *Planner) Unavailable(r *Request, p *Plan, retry int) {
	p.reset(pl.fixed)
	p.text(503, "503 Service Unavailable\n")
	p.RetryAfter = retry
	p.noContent = r.Method == "HEAD"
}
