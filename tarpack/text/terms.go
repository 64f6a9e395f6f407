package text

import (
	"encoding/binary"
	"sort"
	"strings"
)

// maxTerm is the length of the longest term: a field and a key.
const maxTerm = 1 + maxKey + 64

// maxBlock is more than 16 terms take: each has its bytes and five varints.
const maxBlock = blockTerms * (maxTerm + 5*binary.MaxVarintLen64)

// A term is a term of the index, and where its list is.
type term struct {
	text      string
	count     uint64 // documents
	at        uint64 // offset of the documents, which the positions follow
	docs      uint64 // bytes
	positions uint64 // bytes
}

// numBlocks returns how many blocks of terms there are.
func (x *Index) numBlocks() int { return len(x.blocks) / blockSize }

// block reads the terms of a block.
func (x *Index) block(k int) ([]term, error) {
	record := func(k int) (at, lists uint64) {
		if k == x.numBlocks() {
			return x.header.blocksAt - x.header.termsAt, x.header.termsAt
		}
		r := x.blocks[k*blockSize:]
		return binary.LittleEndian.Uint64(r), binary.LittleEndian.Uint64(r[8:])
	}
	from, lists := record(k)
	to, listsEnd := record(k + 1)
	if from > to || to-from > maxBlock || to > x.header.blocksAt-x.header.termsAt ||
		lists < HeaderSize || lists > listsEnd || listsEnd > x.header.termsAt {
		return nil, corrupt("block %d of its terms has no place in it", k)
	}
	b, err := x.section(x.header.termsAt+from, x.header.termsAt+to)
	if err != nil {
		return nil, err
	}
	n := blockTerms
	if k == x.numBlocks()-1 {
		n = int(x.header.terms) - k*blockTerms
	}
	terms := make([]term, 0, n)
	var text []byte
	for range n {
		var t term
		if b, text, err = readTerm(b, text, &t, k); err != nil {
			return nil, err
		}
		if t.docs > listsEnd-lists || t.positions > listsEnd-lists-t.docs {
			return nil, corrupt("a list of block %d of its terms has no place in it", k)
		}
		t.at = lists
		lists += t.docs + t.positions
		terms = append(terms, t)
	}
	return terms, nil
}

// readTerm reads a term from the beginning of b, and returns what follows. text has the term
// before it.
func readTerm(b, text []byte, t *term, block int) (rest, out []byte, err error) {
	var n [2]uint64
	for k := range n {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, nil, corrupt("block %d of its terms is malformed", block)
		}
		n[k], b = v, b[size:]
	}
	if n[0] > uint64(len(text)) || n[1] > uint64(len(b)) || n[1] > maxTerm || n[0]+n[1] > maxTerm {
		return nil, nil, corrupt("block %d of its terms is malformed", block)
	}
	text = append(text[:n[0]], b[:n[1]]...)
	b = b[n[1]:]
	for _, f := range []*uint64{&t.count, &t.docs, &t.positions} {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return nil, nil, corrupt("block %d of its terms is malformed", block)
		}
		*f, b = v, b[size:]
	}
	t.text = string(text)
	return b, text, nil
}

// find returns the first block that may have a term or what follows it, by binary search.
func (x *Index) find(text string) (block int, err error) {
	k := sort.Search(x.numBlocks(), func(k int) bool {
		terms, e := x.block(k)
		if e != nil {
			err = e
			return true
		}
		return terms[0].text > text
	})
	return max(k-1, 0), err
}

// lookup returns a term.
func (x *Index) lookup(text string) (t term, ok bool, err error) {
	err = x.scan(text, func(found *term) bool {
		if ok = found.text == text; ok {
			t = *found
		}
		return false
	})
	return t, ok, err
}

// scan calls visit with the terms that begin with prefix, in order, until visit returns false.
func (x *Index) scan(prefix string, visit func(*term) bool) error {
	if x.numBlocks() == 0 {
		return nil
	}
	k, err := x.find(prefix)
	if err != nil {
		return err
	}
	for ; k < x.numBlocks(); k++ {
		terms, err := x.block(k)
		if err != nil {
			return err
		}
		for i := range terms {
			t := &terms[i]
			switch {
			case strings.HasPrefix(t.text, prefix):
				if !visit(t) {
					return nil
				}
			case t.text > prefix:
				return nil
			}
		}
	}
	return nil
}
