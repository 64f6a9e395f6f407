package sorter

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"os"
	"slices"
)

// Sorter sorts records by the bytes of their keys. Records of equal keys keep their order. It holds
// records in memory up to its budget; beyond that it writes sorted runs to a temporary file and
// merges them (spill.go).
//
// A record has, in memory and on disk: length of the key u16, length of the value u32, key, value.
type Sorter struct {
	dir    string
	budget int // bytes
	chunk  int // size of a chunk, unless a record needs more

	chunks [][]byte // of records, up to the length of each
	cur    int      // the chunk for the next record
	held   int      // capacity of all chunks
	n      int      // records in all chunks

	order  []recordRef // sorted after freeze
	frozen bool

	runs []run
	file *tempFile
	err  error // sticky, of writing a run
}

// recordRef refers to a record in a chunk. The prefix is part of its key, so that most comparisons
// need not read the chunk.
type recordRef struct {
	prefix uint64
	chunk  uint32
	off    uint32
}

const (
	recordFrame = 2 + 4 // the lengths
	refMemory   = 16    // size of a recordRef

	minBudget = 16 << 10
	maxChunk  = 256 << 10
)

// New returns an empty sorter that holds about budget bytes in memory. Its temporary files
// are in dir.
func New(dir string, budget int) *Sorter {
	budget = max(budget, minBudget)
	return &Sorter{dir: dir, budget: budget, chunk: min(maxChunk, budget/4)}
}

// Add adds a record, whose key and value the caller fills before the next call.
func (s *Sorter) Add(keyLen, valLen int) (key, val []byte, err error) {
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

// makeRoom makes room for n bytes in the current chunk.
func (s *Sorter) makeRoom(n int) error {
	fits := func(c []byte) bool { return cap(c)-len(c) >= n }
	if s.cur < len(s.chunks) && fits(s.chunks[s.cur]) {
		return nil
	}
	size := max(s.chunk, n)
	if s.n > 0 && s.held+size+(s.n+1)*refMemory > s.budget {
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

// freeze ends adding. From then on the records may be read in order, any number of times.
func (s *Sorter) freeze() error {
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

// Close releases memory and temporary files.
func (s *Sorter) Close() error {
	s.chunks, s.order, s.runs = nil, nil, nil
	if s.err == nil {
		s.err = os.ErrClosed
	}
	f := s.file
	s.file = nil
	return f.close()
}

// sort sorts the records in memory.
func (s *Sorter) sort() {
	s.order = slices.Grow(s.order[:0], s.n)
	for c, chunk := range s.chunks {
		for at := 0; at < len(chunk); {
			s.order = append(s.order, recordRef{chunk: uint32(c), off: uint32(at)})
			at += recordLen(chunk[at:])
		}
	}
	s.sortFrom(s.order, 0)
}

// sortFrom sorts records whose keys agree in their first depth bytes. It compares the next 8 bytes
// of each key, then sorts each group that agrees in these by the bytes that follow.
func (s *Sorter) sortFrom(refs []recordRef, depth int) {
	const few = 8
	for len(refs) > few {
		first := true
		for i := range refs {
			refs[i].prefix = s.prefix(refs[i], depth)
			first = first && refs[i].prefix == refs[0].prefix
		}
		if first && s.lasts(refs, depth+8) { // all paths share these bytes, too
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

// sortFully is sortFrom with plain comparisons.
func (s *Sorter) sortFully(refs []recordRef, depth int) {
	slices.SortFunc(refs, func(a, b recordRef) int {
		return cmp.Or(bytes.Compare(s.key(a)[depth:], s.key(b)[depth:]),
			cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.off, b.off))
	})
}

// lasts reports whether all keys have at least n bytes.
func (s *Sorter) lasts(refs []recordRef, n int) bool {
	for _, r := range refs {
		if int(binary.LittleEndian.Uint16(s.chunks[r.chunk][r.off:])) < n {
			return false
		}
	}
	return true
}

// prefix returns the 8 bytes of a key from depth on, as a number that compares like they do. Bytes
// beyond the end of the key are zero.
func (s *Sorter) prefix(r recordRef, depth int) uint64 {
	b := s.chunks[r.chunk][r.off:]
	n := int(binary.LittleEndian.Uint16(b)) - depth
	b = b[recordFrame+depth:]
	if n < 8 { // the bytes after the key in the chunk are not part of it
		var word [8]byte
		copy(word[:], b[:n])
		return binary.BigEndian.Uint64(word[:])
	}
	return binary.BigEndian.Uint64(b)
}

// key returns the key of a record in memory.
func (s *Sorter) key(r recordRef) []byte {
	key, _ := splitRecord(s.chunks[r.chunk][r.off:])
	return key
}

// recordLen returns the length of the record that b starts with.
func recordLen(b []byte) int {
	return recordFrame + int(binary.LittleEndian.Uint16(b)) + int(binary.LittleEndian.Uint32(b[2:]))
}

// splitRecord returns key and value of the record that b starts with.
func splitRecord(b []byte) (key, val []byte) {
	k := int(binary.LittleEndian.Uint16(b))
	v := int(binary.LittleEndian.Uint32(b[2:]))
	b = b[recordFrame:]
	return b[:k:k], b[k : k+v : k+v]
}

// Iterator reads the records of a sorter in order.
type Iterator struct {
	s     *Sorter
	at    int
	merge *merger // nil if all records are in memory
}

// Iterate ends adding, and starts reading from the first record.
func (s *Sorter) Iterate() (*Iterator, error) {
	if err := s.freeze(); err != nil {
		return nil, err
	}
	if len(s.runs) == 0 {
		return &Iterator{s: s}, nil
	}
	m, err := newMerger(s.file, s.runs, s.budget)
	return &Iterator{s: s, merge: m}, err
}

// Next returns the next record, which is valid until the following call. Ok is false at the end.
func (it *Iterator) Next() (key, val []byte, ok bool, err error) {
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
