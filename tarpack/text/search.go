package text

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A Hit is a document that was found.
type Hit struct {
	Ordinal int    // of its entry
	Title   string // any bytes
	Score   float64
	Others  []int // ordinals of documents with the same title that match, too; the best few
}

// SearchOptions are the options of Search.
type SearchOptions struct {
	Limit int // of hits
	// Accept reports whether an entry may be found. It may be nil.
	Accept func(ordinal int) (bool, error)
}

// Search returns the documents that match a query, best first, and whether there are more.
// Documents with equal titles are one hit. The error wraps ErrCostly, ErrCorrupt, or the cause of
// ctx.
func (x *Index) Search(ctx context.Context, q *Query, o SearchOptions) (hits []Hit, more bool,
	err error) {
	if q.Empty() || x.header.documents == 0 {
		return nil, false, context.Cause(ctx)
	}
	s := &search{x: x, q: q, budget: budget{ctx, maxWork}, scratch: x.scratch.Get().(*scratch)}
	defer func() {
		s.clear()
		x.scratch.Put(s.scratch)
	}()
	if err := s.expand(); err != nil {
		return nil, false, err
	}
	for k := range s.expanded {
		if err := s.clause(k); err != nil {
			return nil, false, err
		}
	}
	if err := s.addKey(); err != nil {
		return nil, false, err
	}
	return s.rank(o)
}

// A scratch is memory for a search, with an element for each document.
type scratch struct {
	score   []float32
	times   []uint32 // how often the present clause is in it
	matched []uint8  // how many clauses match
}

func newScratch(n int) *scratch {
	return &scratch{make([]float32, n), make([]uint32, n), make([]uint8, n)}
}

func (s *scratch) clear() {
	clear(s.score)
	clear(s.times)
	clear(s.matched)
}

type search struct {
	*scratch
	x        *Index
	q        *Query
	budget   budget
	expanded []expansion // the rarest clause first
	found    []uint32    // documents that match all clauses so far
}

// An expansion is the terms that a clause stands for.
type expansion struct {
	clause *clause
	words  [][]term // for each word of the clause
	count  uint64   // of documents, at most
}

const (
	// maxForms is how many terms a beginning stands for at most, the first ones.
	maxForms = 1024
	// maxScanned is how many terms are looked at for those with the same stem.
	maxScanned = 1 << 15
)

// expand finds the terms of all clauses.
func (s *search) expand() error {
	for i := range s.q.clauses {
		c := &s.q.clauses[i]
		e := expansion{clause: c, count: math.MaxUint64}
		for k := range c.words {
			terms, err := s.terms(fieldText, c, k)
			if err != nil {
				return err
			}
			n := uint64(0)
			for _, t := range terms {
				n += min(t.count, s.x.header.documents)
			}
			e.words, e.count = append(e.words, terms), min(e.count, n)
		}
		s.expanded = append(s.expanded, e)
	}
	slices.SortStableFunc(s.expanded, func(a, b expansion) int {
		return cmp.Compare(a.count, b.count)
	})
	return nil
}

// terms returns the terms of a field that word k of a clause stands for.
func (s *search) terms(field byte, c *clause, k int) (terms []term, err error) {
	prefix := c.prefix && k == len(c.words)-1
	if !prefix && c.stem == "" {
		t, ok, err := s.x.lookup(string(field) + c.words[k])
		if ok {
			terms = append(terms, t)
		}
		return terms, err
	}
	from := c.from
	if prefix {
		from = c.words[k]
	}
	scanned := 0
	err = s.x.scan(string(field)+from, func(t *term) bool {
		if c.matches(k, []byte(t.text[1:])) {
			terms = append(terms, *t)
		}
		scanned++
		return len(terms) < maxForms && scanned < maxScanned
	})
	return terms, err
}

// Weights of BM25 (Robertson and Zaragoza 2009), and of names.
const (
	saturation = 1.2  // k1
	lengths    = 0.75 // b
	nameWeight = 8
	keyScore   = 1000 // more than all others together
)

// clause looks for the documents that match clause k of expanded, of those that match the ones
// before it.
func (s *search) clause(k int) (err error) {
	e := &s.expanded[k]
	candidates := s.found
	s.found = nil
	add := func(doc, times uint32) {
		if int(s.matched[doc]) != k {
			return
		}
		if s.times[doc] == 0 {
			s.found = append(s.found, doc)
		}
		s.times[doc] += min(times, math.MaxUint32-s.times[doc])
	}
	if k == 0 || len(candidates) > 0 {
		if len(e.words) == 1 {
			for i := range e.words[0] {
				if err := s.x.eachDocument(&s.budget, &e.words[0][i], add); err != nil {
					return err
				}
			}
		} else if err := s.phrase(e, k, add); err != nil {
			return err
		}
	}
	total, average := float64(s.x.header.documents), 1.0
	if s.x.header.words > 0 {
		average = float64(s.x.header.words) / total
	}
	rare := math.Log(1 + (total-float64(len(s.found))+0.5)/(float64(len(s.found))+0.5))
	for _, doc := range s.found {
		times := float64(s.times[doc])
		length := float64(wordsOf(s.x.record(doc))) / average
		s.score[doc] += float32(rare * times * (saturation + 1) /
			(times + saturation*(1-lengths+lengths*length)))
		s.times[doc], s.matched[doc] = 0, uint8(k+1)
	}
	return s.addNames(e, k, rare)
}

// phrase calls add with the documents that have the words of a phrase one after the other.
func (s *search) phrase(e *expansion, k int, add func(doc, times uint32)) error {
	if err := s.together(e, k); err != nil {
		return err
	}
	keep := func(doc uint32) bool { return int(s.times[doc]) == len(e.words) }
	var before, places []occurrence
	for i, terms := range e.words {
		places = nil
		var err error
		for t := range terms {
			if places, err = s.x.appendOccurrences(places, &s.budget, &terms[t], keep); err != nil {
				return err
			}
		}
		if len(terms) > 1 {
			slices.Sort(places)
		}
		if i > 0 {
			places = following(before, places)
		}
		before = places
	}
	clear(s.times)
	for _, o := range before {
		add(o.doc(), 1)
	}
	return nil
}

// together sets times, for each document, to how many words of a phrase are in it, up to the first
// one that is not.
func (s *search) together(e *expansion, k int) error {
	for i, terms := range e.words {
		for t := range terms {
			if err := s.x.eachDocument(&s.budget, &terms[t], func(doc, _ uint32) {
				if int(s.matched[doc]) == k && int(s.times[doc]) == i {
					s.times[doc]++
				}
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// following returns the places that directly follow one of before. Both are sorted.
func following(before, places []occurrence) []occurrence {
	out := places[:0]
	for _, o := range places {
		for len(before) > 0 && before[0]+1 < o {
			before = before[1:]
		}
		if len(before) > 0 && before[0]+1 == o && before[0].doc() == o.doc() {
			out = append(out, o)
		}
	}
	return out
}

// addNames adds to the score of documents that have the words of a clause in their names.
func (s *search) addNames(e *expansion, k int, rare float64) error {
	weight := float32(rare * nameWeight / float64(len(e.words)))
	for w := range e.words {
		terms, err := s.terms(fieldName, e.clause, w)
		if err != nil {
			return err
		}
		var marked []uint32
		for i := range terms {
			if err := s.x.eachDocument(&s.budget, &terms[i], func(doc, _ uint32) {
				if int(s.matched[doc]) == k+1 && s.times[doc] == 0 {
					s.times[doc] = 1
					marked = append(marked, doc)
				}
			}); err != nil {
				return err
			}
		}
		for _, doc := range marked {
			s.score[doc] += weight
			s.times[doc] = 0
		}
	}
	return nil
}

// addKey puts documents first whose whole name is the query.
func (s *search) addKey() error {
	t, ok, err := s.x.lookup(string(fieldKey) + s.q.key)
	if err != nil || !ok {
		return err
	}
	return s.x.eachDocument(&s.budget, &t, func(doc, _ uint32) { s.score[doc] += keyScore })
}
