package readerlist

import (
	"strconv"

	"github.com/tarpack/tpk/compat/forge"
)

// derived adds indexes that are sound but for a value that follows from others. A reader that only
// reads need not compare it.
func (h *hostiles) derived() {
	type record = *forge.Record
	h.lie(AtVerify, "sniff", "a", "another sniff", func(r record) { r.Sniff = 1 })
	h.lie(AtVerify, "sniff-empty", "e", "a sniff, though it is empty",
		func(r record) { r.Sniff = 22 })
	h.lie(AtVerify, "sniff-link", "d/hard", "another sniff than its file",
		func(r record) { r.Sniff = 1 })
	h.lie(AtVerify, "hash-empty", "e", "a hash that no empty file has", func(r record) { r.Hash++ })
	h.lie(AtVerify, "totals-size", "d", "one byte more below it", func(r record) { r.Size++ })
	h.lie(AtVerify, "totals-members", "d", "one byte less of members below it",
		func(r record) { r.ContentLen-- })
	h.lie(AtVerify, "totals-names", "z", "one name more below it", func(r record) { r.Hash++ })
	h.lie(AtVerify, "totals-zero", "z", "a number that is always 0",
		func(r record) { r.Hash |= 1 << 32 })
	h.lie(AtVerify, "word-link", "d/link", "a CRC-32", func(r record) { r.Word = 5 })

	put := func(name, note string, at int, value byte) {
		h.patch(AtVerify, name, note, func(s []byte) []byte { s[at] = value; return s })
	}
	put("stats-files", "bytes of files that there are not", 80, 5)
	put("stats-members", "bytes of members that there are not", 96, 5)
	put("stats-saved", "bytes that duplicates save, without duplicates", 104, 5)
	put("header-unused", "a byte in the header that has no meaning", 400, 1)
	h.patch(AtVerify, "gap", "a byte between two sections", func(s []byte) []byte {
		start, n := section(s, records)
		s[start+n] = 1
		return s
	})

	a, s := forge.BuildWithSums(base()...)
	for i, name := range []string{"contents", "parts", "blocks", "lists"} {
		b := append([]byte(nil), s...)
		start, n := section(b, table+1+i)
		b[start+n-1] ^= 1
		forge.Rehash(b)
		forge.SetFeatures(b, 1, forge.SumsBit)
		h.add(AtVerify, "sums-"+name, "another sum in section "+strconv.Itoa(7+i), resum(a, b), b)
	}
}

// resum returns an archive with sums that has T for another sidecar.
func resum(archive, sidecar []byte) []byte {
	end := len(archive) - trailerSize
	return append(archive[:end:end], forge.TrailerOf(1, forge.SumsBit, forge.Entries(sidecar),
		uint64(end), forge.Digest(sidecar))...)
}
