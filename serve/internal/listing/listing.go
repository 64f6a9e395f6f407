package listing

import (
	"net/url"
	"strconv"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Rows of a page: by default, and at most.
const (
	defaultRows = 500
	maxRows     = 5000
	defaultHits = 20 // of a search in text
	maxHits     = 100
	minPacked   = 1400 // bytes that fit a packet: a longer answer is compressed
)

// Lister renders listings.
type Lister struct{ planner *plan.Planner }

// New returns a Lister that shows what the planner would answer.
func New(p *plan.Planner) *Lister { return &Lister{p} }

// policy allows a page its own style and script, and files of the archive.
const policy = "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src " +
	"'self'; img-src 'self'; media-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n" +
	"Referrer-Policy: same-origin\r\n"

// request is what a listing was asked for.
type request struct {
	path   string
	query  string // to search for
	text   bool   // in text, instead of names
	order  archives.Order
	down   bool
	offset int64
	limit  int
	list   bool // links to folders lead to lists, also of folders with index.html

	downloads bool // downloads are allowed
}

// Answer renders the plan's Body.Listing and makes that the plan's body.
func (l *Lister) Answer(r *plan.Request, v *archives.View, p *plan.Plan) error {
	want := p.Body.Listing
	if want.Asset != "" {
		showAsset(r, p, want.Asset)
		return nil
	}
	q, err := parse(want)
	if err != nil {
		p.ShowBad(err.Error())
		return nil
	}
	q.downloads = l.planner.Downloads()
	o := archives.ListOptions{Order: q.order, Descending: q.down, Offset: q.offset, Limit: q.limit,
		Hidden: l.planner.Hidden, Media: l.planner.MediaType}
	found, err := find(q, v, o, !want.JSON)
	if err != nil {
		return err
	}
	if found.text != nil && found.text.Costly && want.JSON {
		p.ShowBad("the search is for too much: use longer or fewer words")
		return nil
	}
	var b []byte
	s := plan.Shown{Type: "text/html; charset=utf-8", Fields: policy}
	if want.JSON {
		s = plan.Shown{Type: "application/json"}
		b, err = found.json(q)
	} else {
		b, err = render(q, found)
	}
	if err != nil {
		return err
	}
	s.Content = string(b)
	if len(b) > minPacked && r.AcceptsGzip() {
		s.Content, s.Gzip = compressed(b), true
	}
	p.Show(r, s)
	return nil
}

// found is what a listing shows.
type found struct {
	names *archives.List     // a folder, or names that match; nil for a search in text
	text  *archives.TextList // nil if text was not searched
}

// find asks for what a listing is to show. The first page of a search for names also shows the best
// hits in text.
func find(q *request, v *archives.View, o archives.ListOptions, page bool) (f found, err error) {
	switch {
	case q.text:
		f.text, err = v.SearchText(q.query, o)
		return f, err
	case q.query == "":
		f.names, err = v.List(q.path, o)
		return f, err
	}
	if f.names, err = v.Search(q.query, o); err == nil && page && o.Offset == 0 {
		o.Limit = firstHits
		f.text, err = v.SearchText(q.query, o)
	}
	return f, err
}

// firstHits is how many hits in text a search for names shows.
const firstHits = 5

// link returns the query of the same listing with another order and offset.
func (q *request) link(order string, down bool, offset int64) string {
	s := "?"
	add := func(key, value string) {
		if len(s) > 1 {
			s += "&"
		}
		s += key
		if value != "" {
			s += "=" + url.QueryEscape(value)
		}
	}
	add("list", q.listValue())
	if q.query != "" {
		add("q", q.query)
	}
	if q.text {
		add("in", "text")
	}
	if order != "name" {
		add("sort", order)
	}
	if down {
		add("order", "desc")
	}
	if q.limit != defaultRows && !q.text || q.text && q.limit != defaultHits {
		add("limit", strconv.Itoa(q.limit))
	}
	if offset > 0 {
		add("offset", strconv.FormatInt(offset, 10))
	}
	return s
}

// listValue returns the value of the key list in links to pages like this one.
func (q *request) listValue() string {
	if q.list {
		return ""
	}
	return listHere
}

// orderName returns the name of the request's order.
func (q *request) orderName() string {
	for name, o := range orders {
		if o == q.order {
			return name
		}
	}
	return ""
}
