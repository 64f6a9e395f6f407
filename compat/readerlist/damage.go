package readerlist

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tarpack/tpk/compat/forge"
)

// contents adds archives whose index is right, and whose members are damaged.
func (h *hostiles) contents() {
	_, s := forge.Build(base()...)
	flip := func(step Step, name, note string, ordinal, from int) {
		off, n := content(s, ordinal)
		if from < 0 {
			from += n
		}
		h.damage(step, name, note, func(a []byte) []byte { a[off+from] ^= 1; return a })
	}
	flip(AtUse, "member-magic", "C is no gzip member", ordinalA, 0)
	flip(AtUse, "member-flags", "the gzip header of C is another one", ordinalA, 3)
	flip(AtUse, "member-damaged", "a bit of C is flipped", ordinalA, 40)
	flip(AtUse, "member-crc", "the CRC-32 in C is another one", ordinalA, -8)
	flip(AtUse, "member-isize", "the ISIZE in C is another one", ordinalA, -1)
	flip(AtUse, "stored-damaged", "a bit of a stored file is flipped", ordinalStored, 100)
	flip(AtUse, "stored-length", "the length of a stored block is another one", ordinalStored, 11)
	flip(AtUse, "stored-complement", "the complement of a stored block's length is wrong", ordinalStored, 13)
	flip(AtUse, "segment-damaged", "a bit of a segment is flipped", ordinalSegmented, 60)
	flip(AtUse, "segment-last", "a bit of the last segment is flipped", ordinalSegmented, -12)
	off, _ := content(s, ordinalA)
	h.damage(AtVerify, "header-damaged", "a bit of H is flipped", func(a []byte) []byte {
		a[off-10] ^= 1
		return a
	})
	early := file("a", "short\n")
	m := forge.Member(early.Content, nil)
	stream := append(bytes.Clone(m[10:len(m)-8]), "then garbage"...)
	a, side := forge.Build(early, dir("d"))
	at := bytes.Index(a, m)
	long := forge.Wrap(stream, early.Content, nil)
	early.Lies = func(r *forge.Record) { r.ContentLen = uint64(len(long)) }
	_, side = forge.Build(early, dir("d"))
	a = bytes.Join([][]byte{a[:at], long, a[at+len(m):]}, nil)
	end := len(a) - trailerSize
	binary.LittleEndian.PutUint64(side[16:], uint64(len(a)))
	forge.Seal(side)
	a = append(a[:end], forge.Trailer(2, uint64(end), forge.Digest(side))...)
	h.add(AtUse, "member-garbage", "bytes behind the deflate stream, in C", a, side)
}

// embedded adds archives whose index is in them, and is not sound.
func (h *hostiles) embedded() {
	a, s := forge.Build(base()...)
	with, _ := forge.Embed(a, s)
	const member = 16_384
	last := len(with) - trailerSize - member
	put := func(name, note string, off int, value uint64) {
		b := bytes.Clone(with)
		le.PutUint64(b[off:], value)
		h.add(AtOpen, name, note, b, nil)
	}
	put("embedded-number", "member 1 of one", last+22, 1)
	put("embedded-members", "more members than the archive has room for", last+30, 1<<40)
	put("embedded-length", "an index of 2^60 bytes", last+38, 1<<60)
	put("embedded-digest", "another digest than in T", last+46, 5)
	put("embedded-header", "a header that is not that of the archive", len(with)-522+24, 5)
	put("embedded-base", "no F before the index", len(a)-8, 5)
	b := bytes.Clone(with)
	copy(b[len(a)-trailerSize:], a[len(a)-trailerSize:])
	h.add(AtOpen, "embedded-uncommitted", "an index whose growth is not committed", b, nil)
	b = bytes.Clone(with)
	b[len(a)-trailerSize+22]++
	h.add(AtOpen, "embedded-entries", "another number of entries in F than in T", b, nil)
}

// sets adds sets that are not whole, or contradict themselves.
func (h *hostiles) sets() {
	shards, sides, set := forge.BuildSet([]forge.Item{dir("d"), file("d/a", "a in 0")},
		[]forge.Item{dir("d"), file("d/b", "b in 1")})
	list := forge.List(shards, set)
	add := func(step Step, name, note string, change func(files map[string][]byte)) {
		files := map[string][]byte{"-of-00002.tar.gz.tps": list, "-of-00002.tar.gz.tps.tpi": set}
		for i := range shards {
			shard := fmt.Sprintf("-%05d-of-00002.tar.gz", i)
			files[shard], files[shard+".tpi"] = shards[i], sides[i]
		}
		change(files)
		*h = append(*h, hostileFile{Hostile{Name: name, Note: note, Refused: step,
			Archive: "hostile/" + name + "-of-00002.tar.gz.tps"}, files})
	}
	replace := func(old, with string) func(map[string][]byte) {
		return func(files map[string][]byte) {
			files["-of-00002.tar.gz.tps"] = bytes.Replace(list, []byte(old), []byte(with), 1)
		}
	}
	add(AtOpen, "set-hash", "a list that does not have its hash", replace("entries 3", "entries 4"))
	add(AtOpen, "set-cut", "a list without its last line", func(files map[string][]byte) {
		files["-of-00002.tar.gz.tps"] = list[:bytes.Index(list, []byte("hash"))]
	})
	add(AtOpen, "set-text", "a list of another text", replace("tpk set 1", "tpk set 9"))
	(*h)[len(*h)-1].Unsupported = true
	add(AtOpen, "set-no-index", "no index", func(files map[string][]byte) {
		delete(files, "-of-00002.tar.gz.tps.tpi")
	})
	add(AtOpen, "set-index", "the index of a shard as that of the set", func(files map[string][]byte) {
		files["-of-00002.tar.gz.tps.tpi"] = sides[1]
	})
	add(AtUse, "set-missing", "a shard is missing", func(files map[string][]byte) {
		delete(files, "-00001-of-00002.tar.gz")
	})
	add(AtUse, "set-twice", "a shard in the place of another", func(files map[string][]byte) {
		files["-00001-of-00002.tar.gz"] = shards[0]
	})
	add(AtUse, "set-short", "a shard that is cut off", func(files map[string][]byte) {
		files["-00001-of-00002.tar.gz"] = shards[1][:len(shards[1])-1]
	})
}
