package forge

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
)

// Type is the type of an entry, numbered as in records (FORMAT.md 2.2).
type Type byte

// The types of entries.
const (
	File Type = 1 + iota
	Dir
	Symlink
	Hardlink
	Char
	Block
	FIFO
)

// Item is an entry of a forged archive.
type Item struct {
	Path, Link   string
	Type         Type
	Mode         uint16
	Time         int64
	Content      []byte
	Duplicate    bool // a hard link that is marked as a deduplicated copy
	Major, Minor uint32
	Stored       bool  // write the content in stored blocks
	Shift        uint8 // if not 0, write the content in segments of 1<<Shift bytes

	Blocks []byte // header blocks that differ from the fields
	Member []byte // if set, it is written instead of an entry: a member that inflates to nothing
	Hidden bool   // leave the entry out of the sidecar
	Lies   func(*Record)
}

// placed is an item and its position in the archive.
type placed struct {
	*Item
	offset, header, content, pad int64
	size                         int64 // from the header, for Index
	crc                          uint32
	ends                         []uint64
	coding                       byte
}

// Build returns an archive of the items, in their order, and its sidecar. If tpk accepts the
// archive it must make the same sidecar. Neighbours without content share a group.
func Build(items ...Item) (archive, sidecar []byte) {
	archive, sidecar, _ = build(0, items)
	return archive, sidecar
}

// BuildSet returns the shards of a set with their sidecars, and the set's sidecar.
func BuildSet(shards ...[]Item) (archives, sidecars [][]byte, set []byte) {
	return buildSet(0, shards)
}

// buildSet is BuildSet with one more optional feature.
func buildSet(optional uint16, shards [][]Item) (archives, sidecars [][]byte, set []byte) {
	const shard, isSet = 1, 2 // optional features
	var all []*placed
	dirs := map[string]bool{}
	size := int64(0)
	for _, items := range shards {
		a, s, entries := build(shard|optional, items)
		for _, p := range entries {
			if p.Type == Dir && dirs[p.Path] {
				continue // the first one counts
			}
			dirs[p.Path] = dirs[p.Path] || p.Type == Dir
			p.offset += size
			all = append(all, p)
		}
		size += int64(len(a))
		archives, sidecars = append(archives, a), append(sidecars, s)
	}
	return archives, sidecars, index(isSet|optional, all, size)
}

// build is Build with the optional features of the archive. It also returns the entries.
func build(optional uint16, items []Item) (archive, sidecar []byte, all []*placed) {
	var out []byte
	var group []*placed
	flush := func() {
		if len(group) == 0 {
			return
		}
		var blocks []byte
		bits := make([]byte, 1+(len(group)+7)/8)
		bits[0] = 'G'
		for i, p := range group {
			blocks = append(blocks, p.headerBlocks()...)
			if p.Duplicate {
				bits[1+i/8] |= 1 << (i % 8)
			}
		}
		if len(bytes.Trim(bits[1:], "\x00")) == 0 {
			bits = nil
		}
		g := Member(blocks, bits)
		for _, p := range group {
			p.offset, p.header = int64(len(out)), int64(len(g))
		}
		out, group = append(out, g...), nil
	}
	groupSize := 0
	for i := range items {
		p := &placed{Item: &items[i]}
		if p.Member != nil {
			flush()
			out, groupSize = append(out, p.Member...), 0
			continue
		}
		all = append(all, p)
		if p.Type != File {
			if n := len(p.headerBlocks()); groupSize+n > 64<<10 {
				flush()
				groupSize = n
			} else {
				groupSize += n
			}
			group = append(group, p)
			continue
		}
		groupSize = 0
		flush()
		out = p.file(out)
	}
	flush()
	n := uint64(len(all))
	sidecar = index(optional, all, int64(len(out))+64)
	t := TrailerOf(1, optional, n, uint64(len(out)), Digest(sidecar))
	return append(out, t...), sidecar, all
}

func (p *placed) headerBlocks() []byte {
	if p.Blocks != nil {
		return p.Blocks
	}
	return p.blocks()
}

// file appends H, C and P to out.
func (p *placed) file(out []byte) []byte {
	h := Member(p.headerBlocks(), nil)
	p.offset, p.header = int64(len(out)), int64(len(h))
	p.crc = crc32.ChecksumIEEE(p.Content)
	out = append(out, h...)
	if len(p.Content) == 0 {
		return out
	}
	var c, extra []byte
	switch {
	case p.Shift > 0:
		c, extra = p.segmented()
		p.coding = 3
	case p.Stored:
		c, p.coding = Stored(p.Content), 2
	default:
		c, p.coding = Member(p.Content, nil), 1
	}
	p.content = int64(len(c))
	out = append(out, c...)
	if pad := -len(p.Content) & (block - 1); pad > 0 || extra != nil {
		m := Zeros(pad, extra)
		p.pad = int64(len(m))
		out = append(out, m...)
	}
	return out
}

// segmented returns C, and the payload of P's extra field.
func (p *placed) segmented() (c, extra []byte) {
	var body bytes.Buffer
	extra = []byte{'S', p.Shift}
	for rest := p.Content; len(rest) > 0; {
		n := min(len(rest), 1<<p.Shift)
		before := body.Len()
		w, _ := flate.NewWriter(&body, flate.DefaultCompression) // the level is valid
		w.Write(rest[:n])                                        // to memory: never fails
		if rest = rest[n:]; len(rest) > 0 {
			w.Flush()
		} else {
			w.Close()
		}
		length := binary.LittleEndian.AppendUint32(nil, uint32(body.Len()-before))
		extra = append(extra, length[:segmentLength(p.Shift)]...)
		p.ends = append(p.ends, uint64(body.Len()))
	}
	return Wrap(body.Bytes(), p.Content, nil), extra
}

// segmentLength returns the number of bytes of a length in a segment table.
func segmentLength(shift uint8) int {
	if shift < 24 {
		return 3
	}
	return 4
}

// HeaderBlocks returns the header blocks of an item (FORMAT.md 1.4).
func HeaderBlocks(it Item) []byte { return it.blocks() }
