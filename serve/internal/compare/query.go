package compare

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives/changes"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Value is the value of the key list that asks for a comparison.
const Value = "compare"

// Rows of a page.
const (
	defaultRows = 200
	maxRows     = 5000
)

// kinds are what a page can be restricted to, by their names in a query.
var kinds = map[string][]changes.Kind{
	"all": {changes.Added, changes.Removed, changes.Changed, changes.Moved, changes.MovedAway,
		changes.Attributes},
	"contents": {changes.Added, changes.Removed, changes.Changed, changes.Moved},
	"added":    {changes.Added}, "removed": {changes.Removed}, "changed": {changes.Changed},
	"moved": {changes.Moved}, "attributes": {changes.Attributes},
}

// request is what was asked for.
type request struct {
	path     string // of the folder whose page it is
	old, new string // paths of the folders
	chosen   bool   // new was given
	kind     string
	offset   int64
	limit    int
	file     string // "" for the list
	all      bool   // of a file: all lines
	json     bool
}

// Asks reports whether a comparison is asked for.
func Asks(l *plan.Listing) bool {
	if l.Asset != "" || l.Missing || !strings.Contains(l.Query, Value) {
		return false
	}
	values, err := url.ParseQuery(l.Query)
	return err == nil && values.Get("list") == Value
}

// parse reads the query.
func parse(l *plan.Listing) (*request, error) {
	values, err := url.ParseQuery(l.Query)
	if err != nil {
		return nil, errors.New("the query is malformed")
	}
	q := &request{path: l.Path, old: l.Path, json: l.JSON, kind: usualKind(l.JSON), limit: defaultRows,
		file: values.Get("file"), all: values.Get("context") == "all"}
	if values.Get("old") != "" {
		q.old = clean(values.Get("old"))
	}
	q.chosen = values.Get("with") != ""
	q.new = clean(values.Get("with"))
	if values.Has("kind") {
		if q.kind = values.Get("kind"); kinds[q.kind] == nil {
			return nil, errors.New(
				"kind is all, contents, added, removed, changed, moved or attributes")
		}
	}
	if context := values.Get("context"); context != "" && !q.all {
		return nil, errors.New("context is all")
	}
	if values.Has("offset") {
		q.offset, err = strconv.ParseInt(values.Get("offset"), 10, 64)
		if err != nil || q.offset < 0 || q.offset == math.MaxInt64 {
			return nil, errors.New("offset is a number from 0 on")
		}
	}
	if values.Has("limit") {
		q.limit, err = strconv.Atoi(values.Get("limit"))
		if err != nil || q.limit < 1 || q.limit > maxRows {
			return nil, fmt.Errorf("limit is a number from 1 to %d", maxRows)
		}
	}
	return q, nil
}

// clean returns the path that people write, without the slashes around it.
func clean(path string) string {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return name == "." }), "/")
}

// change changes a request for a link.
type change func(*request)

// link returns the query of a request after some changes.
func (q *request) link(changes ...change) string {
	n := *q
	n.offset = 0
	for _, c := range changes {
		c(&n)
	}
	s := "?list=" + Value
	add := func(key, value string) { s += "&" + key + "=" + escape(value) }
	if n.old != n.path {
		add("old", "/"+n.old)
	}
	add("with", "/"+n.new)
	if n.file != "" {
		add("file", n.file)
		if n.all {
			add("context", "all")
		}
	} else if usual := usualKind(n.json); n.kind != usual {
		add("kind", n.kind)
	}
	if n.limit != defaultRows {
		add("limit", strconv.Itoa(n.limit))
	}
	if n.offset > 0 {
		add("offset", strconv.FormatInt(n.offset, 10))
	}
	if n.json {
		add("format", "json")
	}
	return s
}

// usualKind is the kind of a query without one. JSON has all that tpk diff has.
func usualKind(json bool) string {
	if json {
		return "all"
	}
	return "contents"
}

// escape escapes a value of a query, and leaves slashes readable.
func escape(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "%2F", "/")
}

// root returns the reference from the page to the root.
func (q *request) root() string {
	if q.path == "" {
		return "./"
	}
	return strings.Repeat("../", strings.Count(q.path, "/")+1)
}
