package text

import (
	"unicode/utf8"

	"github.com/tarpack/tpk/tarpack/text/words"
)

// A Part is a part of a snippet.
type Part struct {
	Text string // UTF-8 without markup
	Mark bool   // it is what was searched for
}

const (
	snippetBefore = 60      // bytes before the first word that was found
	snippetLength = 240     // bytes
	maxSnippet    = 1 << 20 // bytes of a text that are looked at
)

// A mark is a place in a text that a clause matches.
type mark struct{ start, end, clause int }

// Snippet returns the part of a text that matches most clauses of the query. If none matches, it is
// the beginning of the text. It looks at the first MiB only.
func (q *Query) Snippet(text []byte) []Part {
	text = text[:min(len(text), maxSnippet)]
	marks := q.marks(text)
	start, inside := bestMarks(marks, len(q.clauses))
	from := 0
	if len(inside) > 0 {
		from = inside[0].start
	}
	if len(inside) == 0 || start == 0 && from <= snippetBefore {
		from = 0
	} else {
		from = wordAfter(text, from-min(snippetBefore, from), from)
	}
	end := len(text)
	if from+snippetLength < end {
		end = wordBefore(text, from, from+snippetLength)
	}
	return parts(text, from, end, marks)
}

// marks returns the places that match, in order. It ends where the text goes on after a place with
// all clauses.
func (q *Query) marks(text []byte) (marks []mark) {
	type progress struct{ words, start int }
	state := make([]progress, len(q.clauses))
	limit := len(text)
	seen := map[int]bool{}
	words.Each(text, func(start, end int, word []byte) bool {
		for i := range q.clauses {
			c, p := &q.clauses[i], &state[i]
			if p.words > 0 && !c.matches(p.words, word) {
				p.words = 0
			}
			if p.words == 0 {
				p.start = start
			}
			if len(word) == 0 || !c.matches(p.words, word) {
				continue
			}
			if p.words++; p.words == len(c.words) {
				marks = append(marks, mark{p.start, end, i})
				p.words = 0
				if seen[i] = true; len(seen) == len(q.clauses) {
					limit = min(limit, end+snippetLength)
				}
			}
		}
		return start < limit
	})
	return marks
}

// bestMarks returns the marks within the length of a snippet that have the most clauses, and the
// number of the first.
func bestMarks(marks []mark, clauses int) (first int, best []mark) {
	most := 0
	counts := make([]int, clauses)
	distinct, from := 0, 0
	for to, m := range marks {
		if counts[m.clause]++; counts[m.clause] == 1 {
			distinct++
		}
		for from < to && m.end-marks[from].start > snippetLength-snippetBefore {
			if counts[marks[from].clause]--; counts[marks[from].clause] == 0 {
				distinct--
			}
			from++
		}
		if distinct > most {
			most, first, best = distinct, from, marks[from:to+1]
		}
	}
	return first, best
}

// wordAfter returns the beginning of the first word at or after from, at most to.
func wordAfter(text []byte, from, to int) int {
	if from == 0 {
		return 0
	}
	for at := from; at < to; at++ {
		if text[at-1] == ' ' {
			return at
		}
	}
	return to
}

// wordBefore returns the end of the last word that ends at or before to. In a very long word, it is
// the end of a character.
func wordBefore(text []byte, from, to int) int {
	for at := to; at > from+snippetLength/2; at-- {
		if text[at] == ' ' {
			return at
		}
	}
	for to > from && !utf8.RuneStart(text[to]) {
		to--
	}
	return to
}

// parts divides text[from:end] at the marks in it.
func parts(text []byte, from, end int, marks []mark) (out []Part) {
	add := func(to int, marked bool) {
		if to > from {
			out = append(out, Part{string(text[from:to]), marked})
			from = to
		}
	}
	if from > 0 {
		out = append(out, Part{Text: "… "})
	}
	for _, m := range marks {
		if m.start >= from && m.end <= end {
			add(m.start, false)
			add(m.end, true)
		}
	}
	add(end, false)
	if end < len(text) {
		out = append(out, Part{Text: " …"})
	}
	return out
}
