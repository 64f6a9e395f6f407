// Package match finds words in the names and paths of an index.
//
//	match.go  a Matcher: which paths match, and how well
//	glob.go   patterns with stars
//	scan.go   all paths of an index, with several goroutines
//
// A query is words between spaces, and all of them must match, in any mix of cases. A word is
// looked for in the name, or in the whole path if it has a slash. One with a star or a question
// mark is a pattern for all of the name, or of the path: *.jpg.
package match

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// MaxWords is how many words of a query are looked for. Further ones are ignored.
const MaxWords = 16

// Rank is how well a path matches.
type Rank uint8

// The ranks, the best first.
const (
	Exact  Rank = iota // the name is a word
	Stem               // the name is a word and an extension
	Begins             // the name begins with a word
	Inside             // any other
	Ranks              // the number of ranks
)

// Matcher finds the words of a query. It is safe for concurrent use.
type Matcher struct {
	words []word
	ascii bool // all words are
}

type word struct {
	text []byte // in lower case
	path bool   // it has a slash, and is looked for in the whole path
	glob bool   // it is a pattern
}

// New returns a Matcher for a query. One without words matches nothing.
func New(query string) *Matcher {
	m := &Matcher{ascii: true}
	for text := range strings.FieldsSeq(strings.ToLower(query)) {
		if len(m.words) == MaxWords {
			break
		}
		w := word{text: []byte(text), path: strings.Contains(text, "/"),
			glob: strings.ContainsAny(text, "*?")}
		if w.glob && w.path {
			w.text = bytes.TrimLeft(w.text, "/") // paths have none at their beginning
		}
		m.ascii = m.ascii && isASCII(w.text)
		m.words = append(m.words, w)
	}
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

// Match reports whether a path matches, and how well.
func (m *Matcher) Match(path string) (Rank, bool) {
	return m.match(bytes.ToLower([]byte(path)))
}

// match is Match for a path in lower case.
func (m *Matcher) match(path []byte) (Rank, bool) {
	name := path[bytes.LastIndexByte(path, '/')+1:]
	for i := range m.words {
		w := &m.words[i]
		where := name
		if w.path {
			where = path
		}
		if w.glob && !glob(w.text, where) || !w.glob && !bytes.Contains(where, w.text) {
			return 0, false
		}
	}
	return m.rank(name), len(m.words) > 0
}

// rank returns how well a name matches.
func (m *Matcher) rank(name []byte) Rank {
	rank := Inside
	for i := range m.words {
		w := &m.words[i]
		rest, ok := bytes.CutPrefix(name, w.text)
		if !ok {
			continue
		}
		switch {
		case len(rest) == 0:
			return Exact
		case rest[0] == '.' && bytes.IndexByte(rest[1:], '.') < 0:
			rank = Stem
		default:
			rank = min(rank, Begins)
		}
	}
	return rank
}
