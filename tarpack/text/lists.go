package text

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
)

// ErrCostly is returned by Search for a query that would take too long, such as one of many
// beginnings that are very common.
var ErrCostly = errors.New("the search is for too much")

// maxWork is how many bytes of lists a search reads: those of about 20 million occurrences, which
// takes 100 ms.
const maxWork = 32 << 20

// A budget is what a search may still read.
type budget struct {
	ctx  context.Context
	left uint64
}

// spend takes n bytes from the budget.
func (b *budget) spend(n uint64) error {
	if n > b.left {
		return ErrCostly
	}
	b.left -= n
	return context.Cause(b.ctx)
}

// eachDocument calls visit with the documents of a term, in order, and how often it is in each.
func (x *Index) eachDocument(b *budget, t *term, visit func(doc, times uint32)) error {
	if err := b.spend(t.docs); err != nil {
		return err
	}
	list, err := x.section(t.at, t.at+t.docs)
	if err != nil {
		return err
	}
	doc := int64(-1)
	for len(list) > 0 {
		var times uint32
		if list, doc, times, err = x.nextDocument(list, doc); err != nil {
			return err
		}
		visit(uint32(doc), times)
	}
	return nil
}

// nextDocument reads a document from the beginning of a list.
func (x *Index) nextDocument(list []byte, before int64) (rest []byte, doc int64, times uint32,
	err error) {
	v, n := binary.Uvarint(list)
	if n <= 0 || v>>1 == 0 || v>>1 > x.header.documents {
		return nil, 0, 0, corrupt("a list of documents is malformed")
	}
	list, times = list[n:], 1
	if v&1 != 0 {
		many, n := binary.Uvarint(list)
		if n <= 0 || many == 0 || many > math.MaxUint32 {
			return nil, 0, 0, corrupt("a list of documents is malformed")
		}
		list, times = list[n:], uint32(many)
	}
	doc = before + int64(v>>1)
	if doc >= int64(x.header.documents) {
		return nil, 0, 0, corrupt("a list names a document that it does not have")
	}
	return list, doc, times, nil
}

// An occurrence is a place of a word: the number of the document in the upper half, the position in
// the lower.
type occurrence uint64

func (o occurrence) doc() uint32 { return uint32(o >> 32) }

// appendOccurrences appends the places of a term in the documents that keep accepts, in order.
func (x *Index) appendOccurrences(
	dst []occurrence, b *budget, t *term, keep func(doc uint32) bool,
) ([]occurrence, error) {
	if err := b.spend(t.docs + t.positions); err != nil {
		return nil, err
	}
	list, err := x.section(t.at, t.at+t.docs+t.positions)
	if err != nil {
		return nil, err
	}
	docs, positions := list[:t.docs], list[t.docs:]
	doc := int64(-1)
	for len(docs) > 0 {
		var times uint32
		if docs, doc, times, err = x.nextDocument(docs, doc); err != nil {
			return nil, err
		}
		if !keep(uint32(doc)) {
			if positions, err = skipVarints(positions, times); err != nil {
				return nil, err
			}
			continue
		}
		position := uint64(0)
		for range times {
			v, n := binary.Uvarint(positions)
			if n <= 0 || v > math.MaxUint32-position {
				return nil, errPositions
			}
			position, positions = position+v, positions[n:]
			dst = append(dst, occurrence(uint64(doc)<<32|position))
		}
	}
	return dst, nil
}

var errPositions = corrupt("a list of positions is malformed")

// skipVarints returns what follows n varints.
func skipVarints(b []byte, n uint32) ([]byte, error) {
	if n == 0 {
		return b, nil
	}
	for i, c := range b {
		if c < 0x80 {
			if n--; n == 0 {
				return b[i+1:], nil
			}
		}
	}
	return nil, errPositions
}
