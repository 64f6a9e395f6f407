package listing

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Rows of a page: by default, and at most.
const (
	defaultRows = 500
	maxRows     = 5000
	defaultHits = 20 // of a search in text
	maxHits     = 100
)

// Lister renders listings.
type Lister struct {
	planner *plan.Planner
	html    renderer
	rich    bool // html shows more than names
}

// New returns a Lister that shows what the planner would answer, with all that pages have.
func New(p *plan.Planner) *Lister { return &Lister{planner: p, html: rich{}, rich: true} }

// NewPlain returns a Lister whose pages are lists of names, without styles and scripts, and which
// has no overviews and no pages of READMEs. A program with it has no templates.
func NewPlain(p *plan.Planner) *Lister { return &Lister{planner: p, html: plain{}} }

// renderer makes HTML of what a Lister finds.
type renderer interface {
	// list returns a page and its header fields.
	list(r *plan.Request, q *request, f found) (page []byte, fields string, err error)
	// missing answers with the page of a path that names nothing. title is the title of the archive
	// at the root, or "".
	missing(r *plan.Request, p *plan.Plan, title string) error
	// overview answers with the overview of a folder, also as JSON.
	overview(l *Lister, r *plan.Request, v *browse.View, p *plan.Plan, q *request) error
	// readme answers with the page of a folder's README.
	readme(l *Lister, r *plan.Request, v *browse.View, p *plan.Plan, q *request) error
}

// request is what a listing was asked for.
type request struct {
	path   string
	query  string // to search for; "" lists the folder
	search bool   // query has words
	text   bool   // search in text, instead of names
	inside bool   // search only below path
	filter string // what names of the folder must match; "" for all
	order  browse.Order
	down   bool
	offset int64
	limit  int
	up     string // the reference to the root; "": it follows from path
	list   bool   // links to folders lead to lists, also of folders with index.html
	grid   bool   // the folder is a grid of pictures

	overview, byPacked, byRatio bool // an overview, what it measures, and its colours

	downloads bool // downloads are allowed
}

// Answer renders the plan's Body.Listing and makes that the plan's body.
func (l *Lister) Answer(r *plan.Request, v *browse.View, p *plan.Plan) error {
	want := p.Body.Listing
	if want.Missing {
		return l.html.missing(r, p, v.Title())
	}
	q, err := parse(want)
	if err != nil {
		p.ShowBad(err.Error())
		return nil
	}
	q.downloads = l.planner.Downloads()
	if q.overview {
		return l.html.overview(l, r, v, p, q)
	}
	if want.Readme {
		return l.html.readme(l, r, v, p, q)
	}
	found, err := l.find(v, q, l.rich && !want.JSON)
	if err != nil {
		return err
	}
	if want.JSON && (found.names.Costly || found.text != nil && found.text.Costly) {
		p.ShowBad("the search is for too much: use longer or fewer words")
		return nil
	}
	var b []byte
	s := plan.Shown{Type: pageType}
	if want.JSON {
		s = plan.Shown{Type: "application/json"}
		b, err = found.json(q)
	} else {
		b, s.Fields, err = l.html.list(r, q, found)
	}
	if err != nil {
		return err
	}
	Show(r, p, s, b)
	return nil
}

const pageType = "text/html; charset=utf-8"

// found is what a listing shows.
type found struct {
	names  *browse.List     // a folder, or names that match; only a title if q.text
	text   *browse.TextList // nil if text was not searched
	mounts []browse.Mount   // of the page of the root
	readme string           // name of the README below the list, or ""
	differ bool             // the folder can be compared with one of another mount
}

// find asks for what a request wants to see. The first part of a search for names has the best hits
// in text on a page, too.
func (l *Lister) find(v *browse.View, q *request, page bool) (f found, err error) {
	o := browse.ListOptions{Order: q.order, Descending: q.down, Offset: q.offset, Limit: q.limit,
		Filter: q.filter, Hidden: l.planner.Hidden, Media: l.planner.MediaType}
	dir := ""
	if q.inside {
		dir = q.path
	}
	switch {
	case !q.search:
		if f.names, err = v.List(q.path, o); err == nil && page && q.path == "" {
			f.mounts, err = v.Mounts()
		}
		if err == nil && page && q.filter == "" && q.offset == 0 {
			f.readme, _, err = l.findReadme(v, q.path, f.names.Readmes)
			if err != nil && !errors.Is(err, archives.ErrInstant) {
				f.readme, err = "", nil // its own page reports what is wrong with it
			}
		}
		f.differ = page && (len(f.mounts) > 1 || v.HasCounterpart(q.path, l.planner.Hidden))
		return f, err
	case q.text:
		f.names = &browse.List{Title: v.Title()}
	default:
		f.names, err = v.Search(dir, q.query, o)
		if err != nil || !page || q.offset > 0 {
			return f, err
		}
		o.Limit = firstHits
	}
	f.text, err = v.SearchText(dir, q.query, o)
	return f, err
}

// firstHits is how many hits in text a search for names shows.
const firstHits = 5

// link returns the query of the same listing with another order and offset.
func (q *request) link(order browse.Order, down bool, offset int64) string {
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
	if q.search {
		add("q", q.query)
	}
	if q.text {
		add("in", inText)
	}
	if q.inside {
		add("scope", scopeFolder)
	}
	if q.filter != "" {
		add("filter", q.filter)
	}
	if q.grid {
		add("view", viewGrid)
	}
	if order != q.usualOrder() {
		add("sort", orderName(order))
	}
	if down {
		add("order", "desc")
	}
	if q.limit != q.usualLimit() {
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

// folderQuery returns the query of links to other folders, which keep the order, the filter and the
// grid, or lead from one overview to another. A link to a folder's own page has no key list.
func (q *request) folderQuery() string {
	if q.overview {
		return q.overviewQuery()
	}
	var keys []string
	if q.list {
		keys = append(keys, "list")
	}
	if !q.search {
		if q.filter != "" {
			keys = append(keys, "filter="+url.QueryEscape(q.filter))
		}
		if q.grid {
			keys = append(keys, "view="+viewGrid)
		}
		if q.order != browse.ByName {
			keys = append(keys, "sort="+orderName(q.order))
		}
		if q.down {
			keys = append(keys, "order=desc")
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return "?" + strings.Join(keys, "&")
}

// orderName returns the name of an order in a query.
func orderName(order browse.Order) string {
	for name, o := range orders {
		if o == order {
			return name
		}
	}
	return ""
}
