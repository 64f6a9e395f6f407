// Package match finds a text in the paths of an index.
package match

import (
	"bytes"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tarpack/tpk/sidecar"
)

// searchChunk is how many paths a goroutine looks at before the results are collected.
const searchChunk = 1 << 15

// Matcher finds a text in names or paths, in any mix of cases. It is safe for concurrent use.
type Matcher struct {
	text  []byte // in lower case
	path  bool   // the text has a slash, and is looked for in the whole path
	ascii bool
}

// New returns a Matcher for a text: in the whole path if it has a slash, else in the last name.
func New(query string) *Matcher {
	m := &Matcher{text: []byte(strings.ToLower(query)), path: strings.Contains(query, "/")}
	m.ascii = isASCII(m.text)
	return m
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Search returns the ordinals of at most limit entries that match and are not hidden, from the
// ordinal from on. It looks at several parts of the index at the same time. hidden may be nil.
func (m *Matcher) Search(x *sidecar.Index, from, limit int, hidden func(path string) bool) ([]int,
	error) {
	workers := runtime.GOMAXPROCS(0)
	found := make([][]int, workers)
	errs := make([]error, workers)
	var all []int
	for at := from; at < x.Len() && len(all) < limit; at += workers * searchChunk {
		var wg sync.WaitGroup
		for w := range workers {
			first := min(at+w*searchChunk, x.Len())
			wg.Go(func() {
				found[w], errs[w] = m.scan(x, first, min(first+searchChunk, x.Len()),
					limit, hidden)
			})
		}
		wg.Wait()
		for w := range workers {
			if errs[w] != nil {
				return nil, errs[w]
			}
			all = append(all, found[w]...)
		}
	}
	return all[:min(len(all), limit)], nil
}

// scan searches the entries from first to end.
func (m *Matcher) scan(x *sidecar.Index, first, end, limit int, hidden func(string) bool) ([]int,
	error) {
	var found []int
	var lower []byte
	for row, err := range x.Paths(first, end) {
		if err != nil {
			return nil, err
		}
		if !m.ascii && isASCII(row.Path) {
			continue
		}
		lower = m.lower(lower, row.Path, row.Shared)
		where := lower
		if !m.path {
			where = where[bytes.LastIndexByte(where, '/')+1:]
		}
		if !bytes.Contains(where, m.text) || hidden != nil && hidden(string(row.Path)) {
			continue
		}
		if found = append(found, row.Ordinal); len(found) == limit {
			break
		}
	}
	return found, nil
}

// Matches reports whether a path matches.
func (m *Matcher) Matches(path string) bool {
	where := bytes.ToLower([]byte(path))
	if !m.path {
		where = where[bytes.LastIndexByte(where, '/')+1:]
	}
	return bytes.Contains(where, m.text)
}

// lower returns path in lower case. dst has the path before it, which begins with the same shared
// bytes.
func (m *Matcher) lower(dst, path []byte, shared int) []byte {
	if !m.ascii {
		return bytes.ToLower(path)
	}
	dst = append(dst[:shared], path[shared:]...)
	tail := dst[shared:]
	for i, c := range tail {
		if 'A' <= c && c <= 'Z' {
			tail[i] = c | 0x20
		}
	}
	return dst
}
