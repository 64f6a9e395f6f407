package readerlist

import (
	"bytes"
	"encoding/binary"

	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/trees"
)

const (
	trailerSize = 64
	recordSize  = 44
	headerSize  = 512
	sectionRow  = 24 // bytes of a section in the header
)

// The sections of a sidecar (FORMAT.md 2.2).
const (
	records = iota
	blocks
	links
	segments
	paths
	table
)

var le = binary.LittleEndian

// base returns the entries that most hostile archives start from.
func base() []forge.Item {
	stored := file("d/stored", string(trees.NoiseBytes("x", 120)))
	stored.Stored = true
	items := []forge.Item{
		file("a", string(trees.TextBytes("a", 300))), dir("d"), stored, segmented("d/segmented",
			1<<20+100),
		hardlink("d/hard", "a"), symlink("d/link", "../a"), file("e", ""), dir("z"),
	}
	for _, c := range "0123456789" {
		items = append(items, file("z/"+string(c), ""))
	}
	return items
}

// A hostileFile is a hostile archive and the files it consists of, by the suffix of their name.
type hostileFile struct {
	Hostile
	files map[string][]byte
}

// hostiles collects hostile archives.
type hostiles []hostileFile

func (h *hostiles) add(step Step, name, note string, archive, sidecar []byte) {
	f := hostileFile{Hostile: Hostile{Name: name, Note: note, Refused: step}}
	f.Archive, f.files = "hostile/"+name+".tar.gz", map[string][]byte{".tar.gz": archive}
	if sidecar != nil {
		f.files[".tar.gz.tpi"] = sidecar
	}
	*h = append(*h, f)
}

// items adds an archive that is forged from items.
func (h *hostiles) items(step Step, name, note string, items ...forge.Item) {
	a, s := forge.Build(items...)
	h.add(step, name, note, a, s)
}

// lie adds the base with a record that lies. The sidecar's hashes fit.
func (h *hostiles) lie(step Step, name, path, note string, lie func(*forge.Record)) {
	items := base()
	for i := range items {
		if items[i].Path == path {
			items[i].Lies = lie
		}
	}
	h.items(step, name, path+": "+note, items...)
}

// patch adds the base with bytes changed in the sidecar. Its hashes and T are then made to fit.
func (h *hostiles) patch(step Step, name, note string, change func(s []byte) []byte) {
	a, s := forge.Build(base()...)
	s = change(s)
	forge.Rehash(s)
	h.add(step, name, note, retrail(a, s), s)
}

// damage adds the base with bytes changed in the archive only.
func (h *hostiles) damage(step Step, name, note string, change func(a []byte) []byte) {
	a, s := forge.Build(base()...)
	h.add(step, name, note, change(a), s)
}

// section returns the place of a section.
func section(s []byte, i int) (off, n int) {
	at := s[120+sectionRow*i:]
	return int(le.Uint64(at) & (1<<56 - 1)), int(le.Uint64(at[8:]))
}

// at returns the bytes of a section from an offset in it.
func at(s []byte, i, off int) []byte {
	start, n := section(s, i)
	return s[start+off : start+n]
}

// content returns where the C of the base's entry with an ordinal is.
func content(s []byte, ordinal int) (off, n int) {
	r := at(s, records, recordSize*ordinal)
	u48 := func(i int) int { return int(le.Uint64(r[i:]) & (1<<48 - 1)) }
	return u48(0) + int(le.Uint16(r[6:])), u48(16)
}

// The ordinals of the base's entries.
const (
	ordinalA = iota
	ordinalD
	ordinalHard
	ordinalLink
	ordinalSegmented
	ordinalStored
)

// hostileFiles returns all hostile archives.
func hostileFiles() []hostileFile {
	var h hostiles
	h.files()
	h.headers()
	h.records()
	h.segments()
	h.paths()
	h.table()
	h.contents()
	h.tarHeaders()
	h.derived()
	h.embedded()
	h.sets()
	return h
}

// files adds files that are no archives, or not whole ones.
func (h *hostiles) files() {
	a, s := forge.Build(base()...)
	h.add(AtOpen, "nothing", "an empty file", nil, nil)
	h.add(AtOpen, "text", "a text", []byte("this is not an archive\n"), nil)
	h.add(AtOpen, "half", "the first half of an archive", a[:len(a)/2], s)
	h.add(AtOpen, "half-trailer", "an archive that ends within T", a[:len(a)-10], s)
	h.add(AtOpen, "headless", "an archive without its first 100 bytes", a[100:], s)
	h.add(AtOpen, "behind", "bytes behind the end, and no index", append(bytes.Clone(a),
		"more"...), nil)
	h.add(AtOpen, "no-index", "no index", a, nil)
	h.add(AtOpen, "index-empty", "an empty index", a, []byte{})
	h.add(AtOpen, "index-half", "the first half of an index", a, s[:len(s)/2])
	h.add(AtOpen, "index-header", "the header of an index, and nothing else", a, s[:headerSize])
	h.add(AtOpen, "index-cut", "an index without its last byte", a, s[:len(s)-1])
	h.add(AtOpen, "index-long", "an index with one byte more", a, append(bytes.Clone(s), 0))
	_, other := forge.Build(file("other", "o"))
	h.add(AtOpen, "index-other", "the index of another archive", a, other)
	damaged := bytes.Clone(s)
	damaged[40]++
	h.add(AtOpen, "index-digest", "a header that does not have its digest", a, damaged)
	h.add(AtOpen, "only-trailer", "T alone, for very many entries", forge.Trailer(1<<32-2, 0, 5), nil)

	newer := bytes.Clone(a)
	newer[len(newer)-trailerSize+17] = 2
	h.unsupported("version", "version 2 in T", newer, s)
	a, s = forge.Build(base()...)
	forge.SetFeatures(s, 1|1<<5, 0)
	h.unsupported("required", "a required feature that is not known", retrail(a, s), s)
	forge.SetFeatures(s, 0, 0)
	h.add(AtOpen, "draft", "an archive of a draft of the format", retrail(a, s), s)
}

func (h *hostiles) unsupported(name, note string, archive, sidecar []byte) {
	h.add(AtOpen, name, note, archive, sidecar)
	(*h)[len(*h)-1].Unsupported = true
}

// headers adds sidecars with a header that has its digest, and lies.
func (h *hostiles) headers() {
	word := func(name, note string, at int, value uint64) {
		h.patch(AtOpen, name, note, func(s []byte) []byte { le.PutUint64(s[at:], value); return s })
	}
	row := func(i int) int { return 120 + sectionRow*i }
	word("entries-more", "one entry more than there are records", 24, 19)
	word("entries-most", "2^32 - 2 entries", 24, 1<<32-2)
	word("entries-beyond", "2^63 entries", 24, 1<<63)
	word("sections-none", "no sections", 112, 0)
	word("sections-17", "17 sections", 112, 17)
	word("section-outside", "a section that reaches behind the end", row(table)+8, 1<<40)
	word("section-wraps", "a section whose end overflows", row(table)+8, ^uint64(63))
	word("section-far", "a section behind the end", row(table), 1<<50|6<<56)
	word("section-number", "section 7 in place of section 6", row(table), 1088|7<<56)
	word("section-overlap", "a section where the first one is", row(paths), 512|5<<56)
	word("table-empty", "a table without buckets", row(table)+8, 0)
	word("table-odd", "half a bucket in the table", row(table)+8, 32)
	word("blocks-missing", "one path block of two", row(blocks)+8, 8)
	word("archive-longer", "an archive that is one byte longer", 16, 1<<20)
	a, s := forge.Build(base()...)
	end := len(a) - trailerSize
	h.add(AtOpen, "trailer-entries", "another number of entries in T than in the index",
		append(a[:end:end], forge.Trailer(5, uint64(end), forge.Digest(s))...), s)
	h.add(AtOpen, "trailer-digest", "another digest in T than in the index",
		append(a[:end:end], forge.Trailer(forge.Entries(s), uint64(end), 5)...), s)
	h.add(AtOpen, "trailer-offset", "a T that was written for another place",
		append(a[:end:end], forge.Trailer(forge.Entries(s), uint64(end)-1, forge.Digest(s))...), s)
}
