package text

import (
	"strings"
	"unicode"

	"github.com/tarpack/tpk/tarpack/text/words"
)

// MaxQuery is how many bytes of a query are read, and maxWords how many words of it.
const (
	MaxQuery = 512
	maxWords = 16
)

// A Query is what to search for. A document matches if all its clauses do.
type Query struct {
	clauses []clause
	key     string // the words of the query, for exact names
}

// A clause is a word or a phrase.
type clause struct {
	words  []string
	prefix bool   // the last word is the beginning of one
	stem   string // of a single word that matches in all its forms; "" if only the word itself does
	from   string // with what all these begin
}

// Parse reads a query. It has no syntax that can be wrong:
//
//	word        a word, or another form of it: connections finds connected
//	wor*        words that begin so
//	"a phrase"  these words in this order. So do words with marks between: read_to_end
//
// Case and accents do not matter.
func Parse(query string) *Query {
	if len(query) > MaxQuery {
		query = query[:MaxQuery]
	}
	query = strings.ToValidUTF8(query, " ")
	q := &Query{key: keyOf(query)}
	left := maxWords
	for query != "" {
		var part string
		part, query = nextPart(query)
		quoted := strings.HasPrefix(part, `"`)
		c := clause{}
		words.Each(part, func(start, end int, word []byte) bool {
			if len(word) > 0 && left > 0 {
				c.words = append(c.words, string(word))
				c.prefix = end < len(part) && part[end] == '*'
				left--
			}
			return left > 0
		})
		if len(c.words) == 0 {
			continue
		}
		if len(c.words) == 1 && !quoted && !c.prefix {
			if stem := words.Stem(c.words[0]); stem != "" {
				c.stem, c.from = stem, words.StemPrefix(stem)
			}
		}
		q.clauses = append(q.clauses, c)
	}
	return q
}

// nextPart returns the next word or quoted phrase of a query, and what follows it.
func nextPart(query string) (part, rest string) {
	query = strings.TrimLeftFunc(query, unicode.IsSpace)
	if after, ok := strings.CutPrefix(query, `"`); ok {
		phrase, rest, closed := strings.Cut(after, `"`)
		if closed && strings.HasPrefix(rest, "*") {
			return `"` + phrase + "*", rest[1:]
		}
		return `"` + phrase, rest
	}
	end := strings.IndexFunc(query, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
	if end < 0 {
		return query, ""
	}
	return query[:end], query[end:]
}

// Empty reports whether there is no word in a query. It finds nothing.
func (q *Query) Empty() bool { return len(q.clauses) == 0 }

// matches reports whether a word of a document is what word k of the clause stands for.
func (c *clause) matches(k int, word []byte) bool {
	switch {
	case c.prefix && k == len(c.words)-1:
		return strings.HasPrefix(string(word), c.words[k])
	case string(word) == c.words[k]:
		return true
	case c.stem == "" || len(word) > len(c.stem)+maxEnding:
		return false
	}
	return strings.HasPrefix(string(word), c.from) && words.Stem(string(word)) == c.stem
}

// maxEnding is how much longer than its stem a word is at most, as in effortlessness.
const maxEnding = 10
