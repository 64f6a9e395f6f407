package listing

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/browse"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/text"
)

// orders are the orders by their names in a query.
var orders = map[string]browse.Order{"name": browse.ByName, "size": browse.BySize,
	"packed": browse.ByPacked, "date": browse.ByTime, "match": browse.ByRank}

// listHere is the value of the key list with which links to folders lead to the folders' own pages.
// With any other value they lead to listings, so that people can look around in a site.
const listHere = "here"

// scopeFolder is the value of the key scope with which a search stays in the folder.
const scopeFolder = "folder"

// usualOrder returns the order without the key sort.
func (q *request) usualOrder() browse.Order {
	if q.search {
		return browse.ByRank
	}
	return browse.ByName
}

// usualLimit returns the limit without the key limit.
func (q *request) usualLimit() int {
	if q.text {
		return defaultHits
	}
	return defaultRows
}

// inText is the value of the key in with which text is searched, instead of names.
const inText = "text"

// parse reads the query. Unknown keys are ignored. A malformed value is an error: a client that
// asks for the ninth page must not get the first one.
func parse(l *plan.Listing) (*request, error) {
	values, err := url.ParseQuery(l.Query)
	if err != nil {
		return nil, errors.New("the query is malformed")
	}
	q := &request{path: l.Path, query: values.Get("q")}
	q.search = strings.TrimSpace(q.query) != ""
	if !q.search {
		q.query, q.filter = "", strings.TrimSpace(values.Get("filter"))
	}
	q.list = values.Has("list") && values.Get("list") != listHere
	number := func(key string, to *int64, low, high int64) error {
		if !values.Has(key) {
			return nil
		}
		n, err := strconv.ParseInt(values.Get(key), 10, 64)
		if err != nil || n < low || n > high {
			return fmt.Errorf("%s is a number from %d to %d", key, low, high)
		}
		*to = n
		return nil
	}
	q.order = q.usualOrder()
	if values.Has("sort") {
		var ok bool
		if q.order, ok = orders[values.Get("sort")]; !ok || q.order == browse.ByRank && !q.search {
			return nil, errors.New("sort is name, size, packed or date, or of a search match")
		}
	}
	if err := q.where(values); err != nil {
		return nil, err
	}
	if view := values.Get("view"); values.Has("view") && view != "list" && view != viewGrid {
		return nil, errors.New("view is list or grid")
	}
	q.grid = !q.search && values.Get("view") == viewGrid
	if q.overview = !q.search && values.Get("list") == listOverview; q.overview {
		if err := q.colors(values); err != nil {
			return nil, err
		}
	}
	if order := values.Get("order"); values.Has("order") && order != "asc" && order != "desc" {
		return nil, errors.New("order is asc or desc")
	}
	q.down = values.Get("order") == "desc"
	if format := values.Get("format"); values.Has("format") && format != "json" && format != "html" {
		return nil, errors.New("format is html or json")
	}
	if err := number("offset", &q.offset, 0, math.MaxInt64); err != nil {
		return nil, err
	}
	limit, most := int64(q.usualLimit()), int64(maxRows)
	if q.text {
		most = maxHits
	}
	err = number("limit", &limit, 1, most)
	q.limit = int(limit)
	return q, err
}

// where reads where a search looks: in one folder or everywhere, and in names or in text.
func (q *request) where(values url.Values) error {
	scope, in := values.Get("scope"), values.Get("in")
	switch {
	case values.Has("scope") && scope != "all" && scope != scopeFolder:
		return errors.New("scope is all or folder")
	case values.Has("in") && in != "names" && in != inText:
		return errors.New("in is names or text")
	case in == inText && !text.Supported:
		return text.ErrMissing
	case in == inText && !q.search:
		return errors.New("in=text needs q")
	case in == inText && q.order != browse.ByRank:
		return errors.New("with in=text, sort is match")
	}
	q.inside = q.search && q.path != "" && scope == scopeFolder
	q.text = in == inText
	return nil
}

// colors reads what an overview measures, and its colours.
func (q *request) colors(values url.Values) error {
	by, color := values.Get("by"), values.Get("color")
	switch {
	case values.Has("by") && by != "size" && by != byPacked:
		return errors.New("by is size or packed")
	case values.Has("color") && color != "type" && color != colorRatio:
		return errors.New("color is type or ratio")
	}
	q.byPacked, q.byRatio = by == byPacked, color == colorRatio
	return nil
}
