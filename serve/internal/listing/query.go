package listing

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// orders are the orders by their names in a query.
var orders = map[string]archives.Order{"name": archives.ByName, "size": archives.BySize,
	"packed": archives.ByPacked, "date": archives.ByTime}

// listHere is the value of the key list with which links to folders lead to the folders' own pages.
// With any other value they lead to listings, so that people can look around in a site.
const listHere = "here"

// parse reads the query. Unknown keys are ignored. A malformed value is an error: a client that
// asks for the ninth page must not get the first one.
func parse(l *plan.Listing) (*request, error) {
	values, err := url.ParseQuery(l.Query)
	if err != nil {
		return nil, errors.New("the query is malformed")
	}
	q := &request{path: l.Path, query: values.Get("q"), limit: defaultRows}
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
	if values.Has("sort") {
		var ok bool
		if q.order, ok = orders[values.Get("sort")]; !ok {
			return nil, errors.New("sort is name, size, packed or date")
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
	most := int64(maxRows)
	if in := values.Get("in"); in == "text" {
		q.text, q.limit, most = true, defaultHits, maxHits
	} else if values.Has("in") && in != "names" {
		return nil, errors.New("in is names or text")
	}
	if q.text && q.query == "" {
		return nil, errors.New("in=text needs q")
	}
	limit := int64(q.limit)
	err = number("limit", &limit, 1, most)
	q.limit = int(limit)
	return q, err
}
