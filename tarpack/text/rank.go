package text

import (
	"container/heap"
	"context"
	"slices"
	"strings"
)

const (
	maxOthers   = 8       // documents with the title of a hit that are named
	maxRejected = 100_000 // documents that are not accepted before a search gives up
)

// A ranking is a heap of documents with the best one on top.
type ranking struct {
	docs  []uint32
	score []float32
}

func (r *ranking) Len() int { return len(r.docs) }
func (r *ranking) Less(i, j int) bool {
	a, b := r.docs[i], r.docs[j]
	return r.score[a] > r.score[b] || r.score[a] == r.score[b] && a < b
}
func (r *ranking) Swap(i, j int) { r.docs[i], r.docs[j] = r.docs[j], r.docs[i] }
func (r *ranking) Push(any)      {}
func (r *ranking) Pop() any {
	n := len(r.docs) - 1
	doc := r.docs[n]
	r.docs = r.docs[:n]
	return doc
}

// rank returns the best of the documents found, one for each title.
func (s *search) rank(o SearchOptions) (hits []Hit, more bool, err error) {
	r := &ranking{s.found, s.score}
	heap.Init(r)
	byGroup := map[uint32]int{} // hits
	rejected := 0
	for r.Len() > 0 && rejected < maxRejected {
		doc := heap.Pop(r).(uint32)
		record := s.x.record(doc)
		group, ordinal := groupOf(record), int(ordinalOf(record))
		if at, ok := byGroup[group]; ok {
			if err := hits[at].addOther(ordinal, &o); err != nil {
				return nil, false, err
			}
			continue
		}
		if ok, err := o.accept(ordinal); err != nil {
			return nil, false, err
		} else if !ok {
			rejected++
			continue
		}
		if len(hits) == o.Limit {
			return hits, true, s.addOthers(hits, byGroup, r.docs, &o)
		}
		title, err := s.x.title(doc)
		if err != nil {
			return nil, false, err
		}
		byGroup[group] = len(hits)
		hits = append(hits, Hit{Ordinal: ordinal, Title: strings.ToValidUTF8(title, "\ufffd"),
			Score: float64(s.score[doc])})
	}
	return hits, false, context.Cause(s.budget.ctx)
}

// addOthers adds the documents that have the titles of hits and were not looked at.
func (s *search) addOthers(
	hits []Hit, byGroup map[uint32]int, docs []uint32, o *SearchOptions,
) error {
	slices.Sort(docs)
	for _, doc := range docs {
		record := s.x.record(doc)
		if at, ok := byGroup[groupOf(record)]; ok {
			if err := hits[at].addOther(int(ordinalOf(record)), o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *Hit) addOther(ordinal int, o *SearchOptions) error {
	if len(h.Others) == maxOthers {
		return nil
	}
	ok, err := o.accept(ordinal)
	if ok {
		h.Others = append(h.Others, ordinal)
	}
	return err
}

func (o *SearchOptions) accept(ordinal int) (bool, error) {
	if o.Accept == nil {
		return true, nil
	}
	return o.Accept(ordinal)
}
