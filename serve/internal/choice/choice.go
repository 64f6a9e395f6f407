// Package choice reads and writes which entries of a folder a query selects, for a download of
// these alone.
//
// There are two forms, and a query may have both. People and programs name entries:
//
//	name=docs&name=src/main.go
//
// Pages number them, so that a URL has room for thousands. The numbers are ranges of what the
// folder shows at any depth, in the order of the archive, from 0. of is a validator: it differs if
// the numbers mean something else.
//
//	of=1f0c2b5a9d3e4f60&n=3,17-240&n=250
//
// Many numbers are packed, so that the half of 20,000 entries has room, whichever these are:
//
//	of=1f0c2b5a9d3e4f60&set=Y2bgvc_IyQAA
//
// A set is Base64 (RFC 4648 §5, without padding) of raw DEFLATE (RFC 1951) of two numbers for each
// range, in order: how many are left out before it, and how many it has after its first. A number
// has seven bits in a byte, the lowest first; all bytes but the last have the highest bit set.
package choice

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/tarpack/tpk/internal/order"
)

// Choice is a selection of entries of a folder.
type Choice struct {
	Of     string
	Ranges []Range  // in order, neither touching nor overlapping
	Names  []string // paths relative to the folder
}

// Range is a range of numbers, with both ends.
type Range struct{ First, Last int }

// The keys of a query.
const (
	KeyOf   = "of"
	KeyN    = "n"
	KeySet  = "set"
	KeyName = "name"
)

// maxNumber is the highest number of an entry.
const maxNumber = 1<<31 - 1

// The errors of Parse.
var (
	errQuery  = errors.New("the query is malformed")
	errNumber = errors.New("n is a list of numbers and ranges, as in 3,17-240")
	errOf     = errors.New("numbers need of, the validator of the page that has them")
	errName   = errors.New("name is the path of an entry, relative to the folder")
)

// Parse reads the choice out of a query. ok is false if the query makes none.
func Parse(query string) (c Choice, ok bool, err error) {
	if !strings.Contains(query, "n") && !strings.Contains(query, KeySet) { // no key of a choice
		return c, false, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return c, false, errQuery
	}
	if !values.Has(KeyN) && !values.Has(KeySet) && !values.Has(KeyName) {
		return c, false, nil
	}
	if c.Ranges, err = parseNumbers(values); err != nil {
		return Choice{}, false, err
	}
	if c.Of = values.Get(KeyOf); c.Ranges != nil && c.Of == "" {
		return Choice{}, false, errOf
	}
	c.Ranges = merge(c.Ranges)
	for _, name := range values[KeyName] {
		name = strings.TrimRight(name, "/")
		if !isPath(name) {
			return Choice{}, false, errName
		}
		c.Names = append(c.Names, name)
	}
	return c, true, nil
}

// parseNumbers reads the ranges of a query.
func parseNumbers(values url.Values) (ranges []Range, err error) {
	for _, list := range values[KeyN] {
		for item := range strings.SplitSeq(list, ",") {
			r, err := parseRange(item)
			if err != nil {
				return nil, err
			}
			ranges = append(ranges, r)
		}
	}
	for _, set := range values[KeySet] {
		more, err := unpackSet(set)
		if err != nil {
			return nil, err
		}
		ranges = append(ranges, more...)
	}
	return ranges, nil
}

// isPath reports whether a path has neither empty parts nor dot segments, which could lead out of
// the folder.
func isPath(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return false
		}
	}
	return true
}

func parseRange(text string) (Range, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 31)
	b, errB := strconv.ParseUint(last, 10, 31)
	if errA != nil || errB != nil || a > b {
		return Range{}, errNumber
	}
	return Range{int(a), int(b)}, nil
}

// merge puts ranges in order, and joins those that touch or overlap.
func merge(ranges []Range) []Range {
	order.Sort(ranges, func(a, b Range) int { return a.First - b.First })
	merged := ranges[:0]
	for _, r := range ranges {
		if k := len(merged) - 1; k >= 0 && r.First <= merged[k].Last+1 {
			merged[k].Last = max(merged[k].Last, r.Last)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// Query returns the choice as part of a query, in its shortest form. Parse returns the same choice.
func (c *Choice) Query() string {
	var parts []string
	if len(c.Ranges) > 0 {
		parts = append(parts, KeyOf+"="+url.QueryEscape(c.Of), c.numbers())
	}
	for _, name := range c.Names {
		parts = append(parts, KeyName+"="+url.QueryEscape(name))
	}
	return strings.Join(parts, "&")
}

// numbers returns the ranges as a part of a query.
func (c *Choice) numbers() string {
	b := []byte(KeyN + "=")
	for i, r := range c.Ranges {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r.String()...)
	}
	if len(b) > longNumbers {
		if set := KeySet + "=" + packSet(c.Ranges); len(set) < len(b) {
			return set
		}
	}
	return string(b)
}

// String returns the range as Parse reads it.
func (r Range) String() string {
	s := strconv.Itoa(r.First)
	if r.Last > r.First {
		s += "-" + strconv.Itoa(r.Last)
	}
	return s
}
