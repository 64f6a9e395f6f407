package plan

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/serve/internal/ascii"
)

// Listing is what a ListingBody is to show. What carries the plan out renders it, and then calls
// [Plan.Show].
type Listing struct {
	Path  string // of the folder; "" is the root
	Query string // of the request, with its escapes
	JSON  bool
	Asset string // the name of a file that pages need, instead of a listing; "" for none

	// Missing is set for the page of a path that names nothing. Path is the path, Root the
	// reference from it to the root, and Near the path of the nearest folder above it.
	Missing bool
	Root    string
	Near    string

	// View is set for the page of a file. Path is the file's, and Node the file that it names.
	View bool
	Node Node

	// Readme is set for the page of a folder's README. Path is the folder's.
	Readme bool
}

// listed answers with a listing, if the path is a folder. It reports whether it has answered.
func (f *finder) listed() (bool, error) {
	if !f.pl.options.Listing {
		return false, nil
	}
	n, err := f.pl.resolve(f.t, f.path)
	if err != nil || n.Kind != Dir {
		return false, err
	}
	l := &Listing{Path: strings.Clone(f.path), Query: strings.Clone(f.query),
		Readme: queryValue(f.query, ownKey) == readmeValue}
	l.JSON = queryValue(f.query, "format") == "json" || !hasKey(f.query, "format") &&
		prefersJSON(f.r.Accept)
	f.p.Status = 200
	f.p.Body = Body{Kind: ListingBody, Listing: l}
	return true, nil
}

// view answers with the page of a file.
func (f *finder) view(n Node) {
	n.Name = strings.Clone(n.Name) // it may be in scratch memory
	f.p.Status = 200
	f.p.Body = Body{Kind: ListingBody, Listing: &Listing{View: true, Node: n,
		Path: strings.Clone(f.path), Query: strings.Clone(f.query)}}
}

// asset answers with a file that pages need. These are the same for all archives, and at the root
// only.
func (f *finder) asset(name string) {
	f.p.Status = 200
	f.p.Body = Body{Kind: ListingBody, Listing: &Listing{Asset: strings.Clone(name)}}
}

// asksListing reports whether a query asks for a listing by a short form.
func asksListing(query string) bool {
	return hasKey(query, "q") || queryValue(query, "format") == "json"
}

// hasKey reports whether a query has a key, with a value or without.
func hasKey(query, key string) bool {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, _, _ := strings.Cut(pair, "=")
		if name == key {
			return true
		}
	}
	return false
}

// prefersJSON reports whether an Accept field (RFC 9110 §12.5.1) names JSON with more weight than
// HTML.
func prefersJSON(accept string) bool {
	json, html := 0, 0
	for accept != "" {
		var item string
		item, accept, _ = strings.Cut(accept, ",")
		kind, params, _ := strings.Cut(item, ";")
		q, ok := qvalue(params)
		if !ok {
			continue
		}
		switch kind = ascii.Trim(kind); {
		case ascii.EqualFold(kind, "application/json"):
			json = q
		case ascii.EqualFold(kind, "text/html"), ascii.EqualFold(kind, "application/xhtml+xml"):
			html = max(html, q)
		}
	}
	return json > html
}

// acceptsHTML reports whether an Accept field names HTML. Programs that accept anything do not.
func acceptsHTML(accept string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		kind, params, _ := strings.Cut(item, ";")
		if q, ok := qvalue(params); ok && q > 0 && ascii.EqualFold(ascii.Trim(kind), "text/html") {
			return true
		}
	}
	return false
}

// Language returns the language among some that the client prefers (RFC 9110 §12.5.4), by its
// primary subtag: the one with the highest weight. Among equal weights it is the one that the
// client names first, which the RFC permits. Without any it is the first of known.
func (r *Request) Language(known ...string) string {
	best, weight := known[0], 0
	for item := range strings.SplitSeq(r.AcceptLanguage, ",") {
		tag, params, _ := strings.Cut(item, ";")
		primary, _, _ := strings.Cut(ascii.Trim(tag), "-")
		q, ok := qvalue(params)
		if !ok || q <= weight {
			continue
		}
		for _, language := range known {
			if ascii.EqualFold(primary, language) {
				best, weight = language, q
			}
		}
	}
	return best
}

// Shown is a rendered listing.
type Shown struct {
	Type      string
	Content   string
	Gzip      bool   // Content is compressed
	Immutable bool   // the content at this URL never changes
	Missing   bool   // it is the page of a path that names nothing: a 404 without validators
	Busy      bool   // it is the page of a server that is too busy: a 503 without validators
	Fields    string // further header fields, each "Name: value\r\n"
}

// AcceptsGzip reports whether the client accepts gzip and does not prefer identity.
func (r *Request) AcceptsGzip() bool {
	a := accepts(r.AcceptEncoding, r.HasAcceptEncoding)
	return a.prefersGzip()
}

// noSniff keeps clients from taking an answer for something else than its Content-Type.
const noSniff = "X-Content-Type-Options: nosniff\r\n"

// Show makes p the answer with a listing, or a 304 if the client has it.
func (p *Plan) Show(r *Request, s Shown) {
	p.Status, p.Type, p.CacheControl, p.vary = 200, s.Type, "no-cache", true
	p.fields = noSniff + s.Fields
	if s.Immutable {
		p.CacheControl = Immutable
	} else {
		p.fields += "Vary: Accept\r\n"
	}
	if s.Missing || s.Busy {
		p.Status, p.CacheControl = 404, ""
		if s.Busy {
			p.Status, p.RetryAfter, p.CacheControl = 503, RetrySoon, "no-store"
		}
		if s.Gzip {
			p.Encoding = Gzip
		}
		p.Length = int64(len(s.Content))
		p.Body = Body{Kind: TextBody, Text: s.Content}
		return
	}
	p.tagged, p.tag = true, xxhash.Sum64String(s.Content)
	if s.Gzip {
		p.tagSuffix = encodingTags[Gzip]
	}
	var tag [maxTag]byte
	switch precondition(r, p.appendTag(tag[:0]), 0) {
	case notModified:
		p.Status, p.Type, p.Body = 304, "", Body{}
		return
	case failed:
		p.refuse(412, "412 Precondition Failed\n")
		return
	}
	if s.Gzip {
		p.Encoding = Gzip
	}
	p.Length = int64(len(s.Content))
	p.Body = Body{Kind: TextBody, Text: s.Content}
}

// ShowNothing makes p a 404, for a listing or a file of pages that is not there.
func (p *Plan) ShowNothing() { p.text(404, "404 Not Found\n") }

// ShowBad makes p a 400 because of the query. why is one line.
func (p *Plan) ShowBad(why string) { p.text(400, "400 Bad Request: "+why+"\n") }

// ShowBusy makes p a 503 with a Retry-After. why is one line.
func (p *Plan) ShowBusy(why string) {
	p.text(503, "503 Service Unavailable: "+why+"\n")
	p.RetryAfter, p.CacheControl = RetrySoon, "no-store"
}

// ShowRefused makes p the answer to a choice of entries that can't be answered.
func (p *Plan) ShowRefused(e *ChoiceError) {
	p.text(e.Status, strconv.Itoa(e.Status)+" "+http.StatusText(e.Status)+": "+e.Why+"\n")
	p.fields, p.CacheControl = noSniff, "no-store"
}

// File returns the file that a path names, maybe by symbolic links. The Node is Missing if the path
// names something else, or if that is hidden.
func (pl *Planner) File(t Tree, path string) (Node, error) {
	if pl.hides(path, false) {
		return Node{}, nil
	}
	n, err := pl.resolve(t, path)
	if err != nil || n.Kind != File {
		return Node{}, err
	}
	n.Name = strings.Clone(n.Name) // it may be in scratch memory
	return n, nil
}

// Downloads reports whether archives and folders can be downloaded.
func (pl *Planner) Downloads() bool { return !pl.options.NoDownload }

// Hidden reports whether a path must not be shown. A slash at its end means that it is a folder.
func (pl *Planner) Hidden(path string) bool { return pl.hidden(path) }

// AppendHref appends a path as a relative reference, with each name escaped.
func AppendHref(dst []byte, path string) []byte { return appendEscaped(dst, path, pathChar) }
