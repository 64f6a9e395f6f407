package listing

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// orders are the orders by their names in a query.
var orders = map[string]archives.Order{"name": archives.ByName, "size": archives.BySize,
	"packed": archives.ByPacked, "date": archives.ByTime, "match": archives.ByRank}

// listHere is the value of the key list with which links to folders lead to the folders' own pages.
// With any other value they lead to listings, so that people can look around in a site.
const listHere = "here"

// scopeFolder is the value of the key scope with which a search stays in the folder.
const scopeFolder = "folder"

// usualOrder returns the order without the key sort.
func (q *request) usualOrder() archives.Order {
	if q.search {
		return archives.ByRank
	}
	return archives.ByName
}

// parse reads the query. Unknown keys are ignored. A malformed value is an error: a client that
// asks for the ninth page must not get the first one.
func parse(l *plan.Listing) (*request, error) {
	values, err := url.ParseQuery(l.Query)
	if err != nil {
		return nil, errors.New("the query is malformed")
	}
	q := &request{path: l.Path, query: values.Get("q"), limit: defaultRows}
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
		if q.order, ok = orders[values.Get("sort")]; !ok || q.order == archives.ByRank && !q.search {
			return nil, errors.New("sort is name, size, packed or date, or of a search match")
		}
	}
	if scope := values.Get("scope"); values.Has("scope") && scope != "all" && scope != scopeFolder {
		return nil, errors.New("scope is all or folder")
	}
	q.inside = q.search && q.path != "" && values.Get("scope") == scopeFolder
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
	limit := int64(q.limit)
	err = number("limit", &limit, 1, maxRows)
	q.limit = int(limit)
	return q, err
}
