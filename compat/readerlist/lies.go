package readerlist

import (
	"strings"

	"github.com/tarpack/tpk/compat/forge"
)

// records adds records that lie.
func (h *hostiles) records() {
	type record = *forge.Record
	h.lie(AtUse, "offset-outside", "a", "it is behind the end", func(r record) { r.Offset = 1 << 40 })
	h.lie(AtUse, "offset-high", "a", "bits 48 to 55 are set", func(r record) { r.Offset |= 1 << 48 })
	h.lie(AtUse, "offset-other", "a", "another offset", func(r record) { r.Offset++ })
	h.lie(AtUse, "header-none", "a", "no H", func(r record) { r.HeaderLen = 0 })
	h.lie(AtUse, "content-outside", "a", "C reaches behind the end",
		func(r record) { r.ContentLen = 1 << 40 })
	h.lie(AtUse, "content-none", "a", "C has no bytes", func(r record) { r.ContentLen = 0 })
	h.lie(AtUse, "content-short", "a", "C has 17 bytes", func(r record) { r.ContentLen = 17 })
	h.lie(AtUse, "content-longer", "a", "C is one byte longer", func(r record) { r.ContentLen++ })
	h.lie(AtUse, "size-less", "a", "one byte less than C inflates to", func(r record) { r.Size-- })
	h.lie(AtUse, "size-more", "a", "one byte more than C inflates to", func(r record) { r.Size++ })
	h.lie(AtUse, "size-none", "a", "no bytes, though there is a C", func(r record) { r.Size = 0 })
	h.lie(AtUse, "size-huge", "a", "2^47 bytes", func(r record) { r.Size = 1 << 47 })
	h.lie(AtUse, "size-huge-stored", "d/stored", "2^47 bytes", func(r record) { r.Size = 1 << 47 })
	h.lie(AtUse, "size-huge-segmented", "d/segmented", "2^47 bytes", func(r record) { r.Size = 1 << 47 })
	h.lie(AtUse, "crc", "a", "another CRC-32", func(r record) { r.Word++ })
	h.lie(AtUse, "crc-stored", "d/stored", "another CRC-32", func(r record) { r.Word++ })
	h.lie(AtUse, "crc-segmented", "d/segmented", "another CRC-32", func(r record) { r.Word++ })
	h.lie(AtVerify, "hash", "a", "another xxHash64", func(r record) { r.Hash++ })
	h.lie(AtUse, "type-0", "a", "type 0", func(r record) { r.Kind &^= 15 })
	h.lie(AtUse, "type-8", "a", "type 8", func(r record) { r.Kind = r.Kind&^15 | 8 })
	h.lie(AtUse, "type-bit", "a", "bit 7 is set", func(r record) { r.Kind |= 1 << 7 })
	h.lie(AtUse, "coding-none", "a", "no coding", func(r record) { r.Kind &^= 3 << 4 })
	h.lie(AtUse, "coding-stored", "a", "stored, but it is not",
		func(r record) { r.Kind = r.Kind&^(3<<4) | 2<<4 })
	h.lie(AtUse, "coding-segmented", "a", "segmented, but it is not", func(r record) { r.Kind |= 3 << 4 })
	h.lie(AtVerify, "coding-deflate", "d/segmented", "deflate, but it has segments",
		func(r record) { r.Kind = r.Kind&^(3<<4) | 1<<4 })
	h.lie(AtUse, "coding-link", "d/link", "a coding", func(r record) { r.Kind |= 1 << 4 })
	h.lie(AtUse, "mode", "a", "more than 12 bits", func(r record) { r.Mode = 0xffff })
	h.lie(AtUse, "target-itself", "d/hard", "a hard link to itself", func(r record) { r.Word = ordinalHard })
	h.lie(AtUse, "target-outside", "d/hard", "a hard link to an entry that is not there",
		func(r record) { r.Word = 1 << 31 })
	h.lie(AtUse, "target-dir", "d/hard", "a hard link to a directory", func(r record) { r.Word = ordinalD })
	h.lie(AtUse, "target-size", "d/hard", "another size than its target", func(r record) { r.Size++ })
	h.lie(AtUse, "link-outside", "d/link", "its target is behind the section",
		func(r record) { r.ContentLen = 1 << 40 })
	h.lie(AtUse, "link-long", "d/link", "its target reaches behind the section",
		func(r record) { r.Size = 5000 })
	h.lie(AtUse, "link-none", "d/link", "an empty target", func(r record) { r.Size = 0 })
	h.lie(AtUse, "end-0", "d", "nothing is below it", func(r record) { r.Word = 0 })
	h.lie(AtUse, "end-itself", "d", "it ends where it begins", func(r record) { r.Word = ordinalD })
	h.lie(AtUse, "end-outside", "d", "it ends behind the last entry", func(r record) { r.Word = 1 << 31 })
	h.lie(AtVerify, "end-short", "d", "one entry below it is not", func(r record) { r.Word-- })
	h.lie(AtVerify, "end-long", "d", "an entry that is not below it is", func(r record) { r.Word++ })
	h.items(AtUse, "bomb", "16 MiB of zeros for a file of 300 bytes", forge.Item{Path: "a",
		Type: forge.File, Mode: 0o644, Content: make([]byte, 16<<20),
		Lies: func(r record) { r.Size = 300 }})
}

// segments adds segment tables that lie. That of the base has one row, of two ends.
func (h *hostiles) segments() {
	put := func(name, note string, off int, value uint64) {
		h.patch(AtUse, name, note, func(s []byte) []byte {
			le.PutUint64(at(s, segments, off), value)
			return s
		})
	}
	put("segments-none", "no segmented file", 0, 0)
	put("segments-many", "2^60 segmented files", 0, 1<<60)
	put("segments-other", "the segments of another file", 8, ordinalStored|20<<32)
	put("segments-shift-0", "shift 0", 8, ordinalSegmented)
	put("segments-shift-63", "shift 63", 8, ordinalSegmented|63<<32)
	put("segments-shift-21", "shift 21, which makes fewer segments", 8, ordinalSegmented|21<<32)
	put("segments-index", "an index behind the list", 16, 1<<60)
	put("segments-back", "an end before the one before it", 32, 1)
	put("segments-far", "an end behind C", 24, 1<<40)
	put("segments-last", "a last end that is not that of C", 32, 1<<20)
	put("segments-moved", "an end that is no boundary", 24, 1000)
}

// paths adds paths that are against the rules, and blocks of paths that lie.
func (h *hostiles) paths() {
	long := strings.Repeat("c", 256)
	for _, c := range []struct{ name, path string }{
		{"dot-dot", "../evil"}, {"dot-dot-inside", "a/../../evil"}, {"dot", "./evil"}, {"slashes", "a//evil"},
		{"absolute", "/evil"}, {"slash-end", "evil/"}, {"nul", "a\x00b"}, {"empty-name", ""},
		{"long-name", long},
	} {
		h.items(AtExtract, "path-"+c.name, "a path that is none", dir("a"), file(c.path, "evil"))
	}
	h.items(AtExtract, "path-twice", "two entries with one path", file("a", "one"), file("a", "two"))
	h.items(AtExtract, "path-no-parent", "no entry for the directory", file("no/parent", "x"))
	h.items(AtExtract, "path-below-file", "an entry below a file", file("f", "x"), file("f/evil", "evil"))
	h.items(AtExtract, "path-below-link", "an entry below a symbolic link", symlink("l", "/tmp"),
		file("l/evil", "evil"))

	put := func(name, note string, off int, value byte) {
		h.patch(AtUse, name, note, func(s []byte) []byte { at(s, paths, off)[0] = value; return s })
	}
	put("block-first", "the first path of a block shares bytes", 0, 1)
	put("block-shared", "a path that shares more bytes than the one before it has", 3, 200)
	put("block-shared-less", "a path that shares fewer bytes than the longest prefix", 3, 0)
	put("block-long", "a path that reaches behind the block", 18, 254)
	put("block-wide", "a length of 255, so that one of two bytes must follow", 18, 255)
	put("block-number", "another number of the block", 32, 1)
	put("block-order", "a path that sorts before the one before it", 36, 'x')
	h.patch(AtUse, "block-outside", "a block behind the section", func(s []byte) []byte {
		le.PutUint64(at(s, blocks, 8), 1<<50)
		return s
	})
	h.patch(AtUse, "block-odd", "a block that does not begin at a multiple of 4", func(s []byte) []byte {
		at(s, blocks, 8)[0]++
		return s
	})
}

// table adds tables that lead nowhere, or elsewhere.
func (h *hostiles) table() {
	all := func(name, note string, change func(bucket []byte)) {
		h.patch(AtUse, name, note, func(s []byte) []byte {
			for t := at(s, table, 0); len(t) > 0; t = t[64:] {
				change(t[:64])
			}
			return s
		})
	}
	all("bucket-outside", "places behind the section", func(b []byte) {
		for i := range b[60] {
			copy(b[5*int(i):], "\xff\xff\xff\xff\xff")
		}
	})
	all("bucket-odd", "places that are none of a block", func(b []byte) {
		for i := range b[60] {
			b[5*int(i)] |= 16
		}
	})
	all("bucket-tags", "tags of other paths", func(b []byte) {
		for i := range b[60] {
			b[50+i]++
		}
	})
	all("bucket-count", "a bucket with 11 slots", func(b []byte) { b[60] = 11 })
	all("bucket-empty", "no slot is in use", func(b []byte) { b[60] = 0 })
	all("bucket-reach", "a reach behind the table", func(b []byte) { b[60], b[61] = 0, 255 })
	all("bucket-magic", "a bucket that does not end as one", func(b []byte) { b[62] = 'X' })
}
