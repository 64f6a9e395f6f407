package forge

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

var le = binary.LittleEndian

// The header of a sidecar (FORMAT.md 2.1).
const (
	headerSize = 512
	sectionsAt = 120
	digestAt   = 504
)

// Record is a record of a sidecar (FORMAT.md 2.2, section 1).
type Record struct {
	Offset, HeaderLen, Size, PadLen, ContentLen uint64 // of a directory, Size takes 8 bytes
	Sniff                                       byte
	Hash                                        uint64
	Word                                        uint32 // CRC-32, end or target
	Time                                        int64
	Mode                                        uint16
	Kind                                        byte
}

func (r *Record) append(b []byte) []byte {
	u48 := func(x uint64) { b = append(le.AppendUint32(b, uint32(x)), byte(x>>32), byte(x>>40)) }
	u48(r.Offset)
	b = le.AppendUint16(b, uint16(r.HeaderLen))
	if r.Kind&15 == byte(Dir) {
		b = le.AppendUint64(b, r.Size)
	} else {
		u48(r.Size)
		b = le.AppendUint16(b, uint16(r.PadLen))
	}
	u48(r.ContentLen)
	b = append(b, r.Sniff, byte(r.Offset>>48))
	b = le.AppendUint64(b, r.Hash)
	b = le.AppendUint32(b, r.Word)
	b = append(le.AppendUint32(b, uint32(r.Time)), byte(r.Time>>32))
	b = le.AppendUint16(b, r.Mode)
	return append(b, r.Kind)
}

// index returns the sidecar of an archive of size bytes.
func index(optional uint16, all []*placed, size int64) []byte {
	var ps []*placed
	for _, p := range all {
		if !p.Hidden {
			ps = append(ps, p)
		}
	}
	key := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	slices.SortStableFunc(ps, func(a, b *placed) int {
		return strings.Compare(key(a.Path),
			key(b.Path))
	})
	ordinals := map[string]int{}
	for i, p := range ps {
		ordinals[p.Path] = i
	}
	sections := make([][]byte, 6)
	sections[0], sections[2] = records(ps, ordinals)
	sections[3] = segments(ps)
	var places []uint64
	sections[1], sections[4], places = paths(ps)
	sections[5] = table(ps, places)

	head := make([]byte, headerSize)
	copy(head, "TPKINDEX")
	le.PutUint32(head[8:], 1)
	le.PutUint16(head[12:], 1)
	le.PutUint16(head[14:], optional)
	le.PutUint64(head[16:], uint64(size))
	le.PutUint64(head[24:], uint64(len(ps)))
	stats(head[32:112], ps, ordinals)
	le.PutUint32(head[112:], uint32(len(sections)))
	if optional&SumsBit != 0 {
		contents, parts := contentSums(ps, ordinals)
		sections = append(sections, contents, parts)
		le.PutUint32(head[112:], 10)
	}
	out := head
	for i, s := range sections {
		out = addSection(out, i, s)
	}
	if optional&SumsBit != 0 {
		out = addBlockSums(out)
	}
	Seal(out)
	return out
}

func align(b []byte) []byte { return append(b, make([]byte, -len(b)&63)...) }

// addSection appends a section, the i-th of the list.
func addSection(out []byte, i int, s []byte) []byte {
	out = align(out)
	at := out[sectionsAt+24*i:]
	le.PutUint64(at, uint64(len(out))|uint64(i+1)<<56)
	le.PutUint64(at[8:], uint64(len(s)))
	le.PutUint64(at[16:], xxhash.Sum64(s))
	return append(out, s...)
}

// Rehash sets the hashes of all sections that lie in a sidecar, and the digest.
func Rehash(sidecar []byte) {
	for i := range le.Uint32(sidecar[112:]) {
		at := sidecar[sectionsAt+24*i:]
		off, n := le.Uint64(at)&(1<<56-1), le.Uint64(at[8:])
		if size := uint64(len(sidecar)); off <= size && n <= size-off {
			le.PutUint64(at[16:], xxhash.Sum64(sidecar[off:off+n]))
		}
	}
	Seal(sidecar)
}

// Seal sets the digest of a sidecar after a change of its header.
func Seal(sidecar []byte) { le.PutUint64(sidecar[digestAt:], xxhash.Sum64(sidecar[:digestAt])) }

// SetFeatures sets the features of a sidecar, and its digest.
func SetFeatures(sidecar []byte, required, optional uint16) {
	le.PutUint16(sidecar[12:], required)
	le.PutUint16(sidecar[14:], optional)
	Seal(sidecar)
}

// Digest returns the digest of a sidecar.
func Digest(sidecar []byte) uint64 { return le.Uint64(sidecar[digestAt:]) }

// Entries returns the number of entries of a sidecar.
func Entries(sidecar []byte) uint64 { return le.Uint64(sidecar[24:]) }

// stats sets the counts of the header, from byte 32.
func stats(b []byte, ps []*placed, ordinals map[string]int) {
	add := func(at int, n int64) { le.PutUint64(b[at:], le.Uint64(b[at:])+uint64(n)) }
	for _, p := range ps {
		add(map[Type]int{File: 0, Dir: 8, Symlink: 16, Hardlink: 24, Char: 32, Block: 32,
			FIFO: 32}[p.Type], 1)
		switch p.Type {
		case File:
			add(48, int64(len(p.Content)))
			add(64, p.content)
		case Hardlink:
			i, ok := ordinals[p.Link]
			if p.Duplicate {
				add(40, 1)
			}
			if ok {
				add(56, int64(len(ps[i].Content)))
			}
			if ok && p.Duplicate {
				add(72, ps[i].content)
			}
		}
	}
}

// records returns sections 1 and 3.
func records(ps []*placed, ordinals map[string]int) (rec, links []byte) {
	for i, p := range ps {
		r := Record{Offset: uint64(p.offset), HeaderLen: uint64(p.header), Time: p.Time, Mode: p.Mode,
			Kind: byte(p.Type) | p.coding<<4}
		switch p.Type {
		case File:
			r.fill(p)
			r.PadLen, r.ContentLen, r.Word = uint64(p.pad), uint64(p.content), p.crc
		case Dir:
			end := i + 1
			for end < len(ps) && strings.HasPrefix(ps[end].Path, p.Path+"/") {
				end++
			}
			r.Word = uint32(end)
			r.total(ps[i+1:end], ps, ordinals)
		case Symlink:
			r.Size, r.ContentLen = uint64(len(p.Link)), uint64(len(links))
			links = append(links, p.Link...)
		case Hardlink:
			if t, ok := ordinals[p.Link]; ok {
				r.fill(ps[t])
				r.Word = uint32(t)
			}
			if p.Duplicate {
				r.Kind |= 1 << 6
			}
		case Char, Block:
			r.ContentLen = uint64(p.Major)<<24 | uint64(p.Minor)
		}
		if p.Lies != nil {
			p.Lies(&r)
		}
		rec = r.append(rec)
	}
	return rec, links
}

// total sets what is below a directory.
func (r *Record) total(below, ps []*placed, ordinals map[string]int) {
	contents := map[*placed]bool{}
	names, members := uint64(0), uint64(0)
	for _, p := range below {
		if p.Type == Dir {
			continue
		}
		names++
		content := p
		if i, ok := ordinals[p.Link]; p.Type == Hardlink && ok {
			content = ps[i]
		}
		if content.Type != File {
			continue
		}
		r.Size += uint64(len(content.Content))
		if !contents[content] {
			contents[content] = true
			members += uint64(content.content)
		}
	}
	r.ContentLen, r.Sniff = members&(1<<48-1), byte(members>>48)
	r.Hash = names // a u32, then four zero bytes
}

func (r *Record) fill(p *placed) {
	r.Size, r.Hash = uint64(len(p.Content)), xxhash.Sum64(p.Content)
	if len(p.Content) > 0 {
		r.Sniff = sniff(p.Content[:min(len(p.Content), 512)])
	}
}

// segments returns section 4.
func segments(ps []*placed) []byte {
	var heads, ends []byte
	k := 0
	for i, p := range ps {
		if p.coding != 3 {
			continue
		}
		k++
		heads = append(le.AppendUint32(heads, uint32(i)), p.Shift, 0, 0, 0)
		heads = le.AppendUint64(heads, uint64(len(ends)/8))
		for _, e := range p.ends {
			ends = le.AppendUint64(ends, e)
		}
	}
	return slices.Concat(le.AppendUint64(nil, uint64(k)), heads, ends)
}

// paths returns sections 2 and 5, and the position of each path.
func paths(ps []*placed) (offsets, section []byte, places []uint64) {
	for at := 0; at < len(ps); at += 16 {
		var shared, further [16]int
		var text []byte
		before := ""
		for i, p := range ps[at:min(at+16, len(ps))] {
			n := 0
			for i > 0 && n < len(before) && n < len(p.Path) && before[n] == p.Path[n] {
				n++
			}
			shared[i], further[i] = n, len(p.Path)-n
			places = append(places, uint64(len(section)*4+i))
			text = append(text, p.Path[n:]...)
			before = p.Path
		}
		offsets = le.AppendUint64(offsets, uint64(len(section)))
		var wide []byte
		for _, n := range append(shared[:], further[:]...) {
			section = append(section, byte(min(n, 255)))
			if n >= 255 {
				wide = le.AppendUint16(wide, uint16(n))
			}
		}
		section = le.AppendUint32(section, uint32(at/16))
		section = append(append(section, wide...), text...)
		for len(section)%4 != 0 {
			section = append(section, 0)
		}
	}
	return offsets, section, places
}

// table returns section 6.
func table(ps []*placed, places []uint64) []byte {
	type slot struct {
		hash    uint64
		ordinal int
	}
	slots := make([]slot, len(ps))
	for i, p := range ps {
		slots[i] = slot{xxhash.Sum64String(p.Path), i}
	}
	slices.SortFunc(slots, func(a, b slot) int {
		if a.hash != b.hash {
			if a.hash < b.hash {
				return -1
			}
			return 1
		}
		return a.ordinal - b.ordinal
	})
	m := max(1, (len(ps)+7)/8)
	b := make([]byte, 64*m)
	at := 0
	for _, s := range slots {
		hi, _ := bits.Mul64(s.hash, uint64(m))
		home := int(hi)
		at = max(at, home)
		for at*64 < len(b) && b[at*64+60] == 10 {
			at++
		}
		if at*64 == len(b) {
			b = append(b, make([]byte, 64)...)
		}
		bucket := b[at*64:]
		n := int(bucket[60])
		for i := range 5 {
			bucket[5*n+i] = byte(places[s.ordinal] >> (8 * i))
		}
		bucket[50+n] = byte(s.hash)
		bucket[60]++
		b[home*64+61] = byte(at - home)
	}
	for i := 0; i < len(b); i += 64 {
		copy(b[i+62:], "TP")
	}
	return b
}
