package variants

import "encoding/binary"

// Variant is one content in one coding.
type Variant struct {
	Coding     Coding
	Dictionary int    // number of the dictionary, for DictionaryZstd; otherwise 0
	Offset     int64  // of the encoded bytes, in the file
	Length     int64  // of the encoded bytes; 0: there is no such variant
	Sum        uint64 // xxHash64 of the encoded bytes
}

// Set has the variants of one content.
type Set struct {
	Size     int64 // of the content in bytes; 0: the content has no set
	variants [NumCodings]Variant
}

// Get returns the variant in a coding, and whether there is one.
func (s *Set) Get(c Coding) (v Variant, ok bool) {
	if c >= NumCodings {
		return Variant{}, false
	}
	v = s.variants[c]
	return v, v.Length > 0
}

// Empty reports whether the set has no variant.
func (s *Set) Empty() bool {
	for c := range s.variants {
		if s.variants[c].Length > 0 {
			return false
		}
	}
	return true
}

// limits are what the places in a file are checked against.
type limits struct {
	dataEnd      int64 // where the first table begins
	dictionaries int
}

// holds reports whether the bytes of p are data of the file.
func (l limits) holds(p place) bool {
	return p.off >= headerSize && p.length > 0 && p.off <= l.dataEnd-p.length
}

// decodeSet returns the set of a row. It returns false if the row cannot be right.
func (l limits) decodeSet(row []byte) (s Set, ok bool) {
	s.Size = int64(binary.LittleEndian.Uint32(row[atContentSize:]))
	if s.Size == 0 || s.Size > MaxContent {
		return Set{}, false
	}
	for c := range NumCodings {
		p := readPlace(row[atPlaces+placeSize*int(c):])
		if p == (place{}) {
			continue
		}
		numbers := 1 // of dictionaries that there may be
		if c == DictionaryZstd {
			numbers = l.dictionaries
		}
		if !l.holds(p) || p.length > 2*MaxContent || int(p.dictionary) >= numbers {
			return Set{}, false
		}
		s.variants[c] = Variant{
			Coding: c, Dictionary: int(p.dictionary), Offset: p.off, Length: p.length, Sum: p.hash,
		}
	}
	return s, true
}

// ParseSet returns the set of a row that AppendRow has written, for a file with dictionaries in
// which encoded bytes end at dataEnd or before. It returns false if the row cannot be right.
func ParseSet(row []byte, dataEnd int64, dictionaries int) (s Set, ok bool) {
	if len(row) != SetRow {
		return Set{}, false
	}
	return limits{dataEnd, dictionaries}.decodeSet(row)
}

// AppendRow appends the row of the set, SetRow bytes.
func (s *Set) AppendRow(rows []byte) []byte {
	var row [setRow]byte
	binary.LittleEndian.PutUint32(row[atContentSize:], uint32(s.Size))
	for c, v := range s.variants {
		p := place{off: v.Offset, length: v.Length, hash: v.Sum, dictionary: uint16(v.Dictionary)}
		p.put(row[atPlaces+placeSize*c:])
	}
	return append(rows, row[:]...)
}
