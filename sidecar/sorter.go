package sidecar

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// sorter sorts records by the bytes of their keys, those of equal keys in the order they came. It holds them in memory up
// to its budget; beyond that it writes sorted runs to a temporary file and merges them (spill.go).
//
// A record is, in memory and on disk alike: length of the key u16, length of the value u32, key, value.
type sorter struct {
	dir    string
	budget int // bytes
	chunk  int // size of a chunk, unless a record needs more

	chunks [][]byte // records; filled up to their length
	cur    int      // the chunk to put the next one in
	held   int      // capacity of all chunks
	n      int      // records in them

	order  []recordRef // sorted, once frozen
	frozen bool

	runs []run
	file *tempFile
	err  error // of writing a run: final
}

// recordRef refers to a record in a chunk. The prefix is part of its key, for comparing without looking there.
type recordRef struct {
	prefix uint64
	chunk  uint32
	off    uint32
}

const (
	recordFrame = 6 // the lengths
	refSize     = 16

	minBudget = 16 << 10
	maxChunk  = 256 << 10
)

// newSorter gives an empty sorter that holds about budget bytes, and puts its temporary files in dir.
func newSorter(dir string, budget int) *sorter {
	budget = max(budget, minBudget)
	return &sorter{dir: dir, budget: budget, chunk: min(maxChunk, budget/4)}
}

// add makes a record for the caller to fill: its key and value are valid until the next call.
func (s *sorter) add(keyLen, valLen int) (key, val []byte, err error) {
	if s.err != nil {
		return nil, nil, s.err
	}
	n := recordFrame + keyLen + valLen
	if err := s.makeRoom(n); err != nil {
		return nil, nil, err
	}
	c := s.chunks[s.cur]
	at := len(c)
	c = c[:at+n]
	s.chunks[s.cur] = c
	s.n++
	binary.LittleEndian.PutUint16(c[at:], uint16(keyLen))
	binary.LittleEndian.PutUint32(c[at+2:], uint32(valLen))
	at += recordFrame
	return c[at : at+keyLen : at+keyLen], c[at+keyLen : at+n-recordFrame], nil
}

// makeRoom sees to it that the current chunk has room for n bytes.
func (s *sorter) makeRoom(n int) error {
	fits := func(c []byte) bool { return cap(c)-len(c) >= n }
	if s.cur < len(s.chunks) && fits(s.chunks[s.cur]) {
		return nil
	}
	size := max(s.chunk, n)
	if s.n > 0 && s.held+size+(s.n+1)*refSize > s.budget {
		if s.err = s.spill(); s.err != nil {
			return s.err
		}
	} else if s.cur < len(s.chunks) {
		s.cur++
	}
	if s.cur < len(s.chunks) && fits(s.chunks[s.cur]) { // kept from before a spill
		return nil
	}
	s.chunks = slices.Insert(s.chunks, s.cur, make([]byte, 0, size))
	s.held += size
	return nil
}

// freeze ends adding: from now on the records may be read, in order, any number of times.
func (s *sorter) freeze() error {
	if s.frozen || s.err != nil {
		return s.err
	}
	s.frozen = true
	if len(s.runs) == 0 {
		s.sort()
		return nil
	}
	if s.n > 0 {
		s.err = s.spill()
	}
	s.chunks, s.order, s.held = nil, nil, 0
	if s.err == nil {
		s.err = s.mergeDown()
	}
	return s.err
}

// close drops everything.
func (s *sorter) close() error {
	s.chunks, s.order, s.runs = nil, nil, nil
	if s.err == nil {
		s.err = errDone
	}
	f := s.file
	s.file = nil
	return f.close()
}

// sort puts the records in memory in order.
func (s *sorter) sort() {
	s.order = slices.Grow(s.order[:0], s.n)
	for c, chunk := range s.chunks {
		for at := 0; at < len(chunk); {
			s.order = append(s.order, recordRef{chunk: uint32(c), off: uint32(at)})
			at += recordLen(chunk[at:])
		}
	}
	s.sortFrom(s.order, 0)
}

// sortFrom sorts records whose keys agree in their first depth bytes: by the next 8 bytes of each, and then those that
// agree in these too by what follows.
func (s *sorter) sortFrom(refs []recordRef, depth int) {
	const few = 8
	for len(refs) > few {
		first := true
		for i := range refs {
			refs[i].prefix = s.prefix(refs[i], depth)
			first = first && refs[i].prefix == refs[0].prefix
		}
		if first && s.lasts(refs, depth+8) { // a part of the path that all have in common
			depth += 8
			continue
		}
		slices.SortFunc(refs, func(a, b recordRef) int { return cmp.Compare(a.prefix, b.prefix) })
		for len(refs) > 0 {
			n := 1
			for n < len(refs) && refs[n].prefix == refs[0].prefix {
				n++
			}
			if same := refs[:n]; n > 1 {
				if s.lasts(same, depth+8) {
					s.sortFrom(same, depth+8)
				} else {
					s.sortFully(same, depth)
				}
			}
			refs = refs[n:]
		}
		return
	}
	s.sortFully(refs, depth)
}

// sortFully is sortFrom by plain comparison.
func (s *sorter) sortFully(refs []recordRef, depth int) {
	slices.SortFunc(refs, func(a, b recordRef) int {
		return cmp.Or(bytes.Compare(s.key(a)[depth:], s.key(b)[depth:]), cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.off, b.off))
	})
}

// lasts is true if all keys have at least n bytes.
func (s *sorter) lasts(refs []recordRef, n int) bool {
	for _, r := range refs {
		if int(binary.LittleEndian.Uint16(s.chunks[r.chunk][r.off:])) < n {
			return false
		}
	}
	return true
}

// prefix is the 8 bytes of a key from depth on, in an order that compares as they do; bytes beyond its end are zero.
func (s *sorter) prefix(r recordRef, depth int) uint64 {
	b := s.chunks[r.chunk][r.off:]
	n := int(binary.LittleEndian.Uint16(b)) - depth
	b = b[recordFrame+depth:]
	if n < 8 { // what follows the key in the chunk is not part of it
		var word [8]byte
		copy(word[:], b[:n])
		return binary.BigEndian.Uint64(word[:])
	}
	return binary.BigEndian.Uint64(b)
}

// key of a record in memory.
func (s *sorter) key(r recordRef) []byte {
	key, _ := splitRecord(s.chunks[r.chunk][r.off:])
	return key
}

// recordLen is the length of the record that b starts with.
func recordLen(b []byte) int {
	return recordFrame + int(binary.LittleEndian.Uint16(b)) + int(binary.LittleEndian.Uint32(b[2:]))
}

// splitRecord gives key and value of the record that b starts with.
func splitRecord(b []byte) (key, val []byte) {
	k := int(binary.LittleEndian.Uint16(b))
	v := int(binary.LittleEndian.Uint32(b[2:]))
	b = b[recordFrame:]
	return b[:k:k], b[k : k+v : k+v]
}

// sorted reads the records of a frozen sorter in order.
type sorted struct {
	s     *sorter
	at    int
	merge *merger // nil while all is in memory
}

// iterate starts reading from the first record.
func (s *sorter) iterate() (*sorted, error) {
	if err := s.freeze(); err != nil {
		return nil, err
	}
	if len(s.runs) == 0 {
		return &sorted{s: s}, nil
	}
	m, err := newMerger(s.file, s.runs, s.budget)
	return &sorted{s: s, merge: m}, err
}

// next gives the next record, valid until the call after; ok is false at the end.
func (it *sorted) next() (key, val []byte, ok bool, err error) {
	if it.merge != nil {
		return it.merge.next()
	}
	if it.at >= len(it.s.order) {
		return nil, nil, false, nil
	}
	r := it.s.order[it.at]
	it.at++
	key, val = splitRecord(it.s.chunks[r.chunk][r.off:])
	return key, val, true, nil
}
