package readerlist

import (
	"bytes"
	"strings"

	"github.com/tarpack/tpk/compat/forge"
)

// tarHeaders adds archives whose index is sound by itself, and whose tar headers are others, or in
// another place.
func (h *hostiles) tarHeaders() {
	long := symlink("l", "a")
	long.Path = strings.Repeat("é", 100)
	negative := forge.HeaderBlocks(long)
	copy(negative[124:136], "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfc\x00") // -1024
	h.tarHeader("size-negative", "a PAX header of -1,024 bytes", long, negative)
	h.tarHeader("uid-huge", "a uid of 201 digits", long, bytes.Replace(forge.HeaderBlocks(long),
		[]byte("path="+long.Path), []byte("uid="+strings.Repeat("9", len(long.Path)+1)), 1))
	h.tarHeader("other", "the header of another entry of the group", symlink("m", "a"),
		forge.HeaderBlocks(symlink("l", "a")), symlink("l", "a"))

	again := dir("d")
	again.Hidden = true
	h.items(AtVerify, "tar-twice", "a directory with two headers in a group", dir("d"), again)
	h.items(AtVerify, "tar-twice-apart", "a directory with a second header", dir("d"),
		file("d/a", "x"), again)
	h.items(AtVerify, "tar-hidden", "an entry that the index does not have", dir("d"),
		forge.Item{Path: "d/hidden", Type: forge.Dir, Mode: 0o755, Hidden: true})
	h.items(AtVerify, "tar-parent", "a file before its directory", file("d/a", "x"), dir("d"))
	h.items(AtVerify, "tar-target", "a hard link before its file", hardlink("a", "b"),
		file("b", "x"))

	link := hardlink("b", "a")
	link.Duplicate = true
	a, s := forge.Build(file("a", "x"), link)
	bits := bytes.Index(a, []byte("TP\x02\x00G\x01")) + 4
	h.change("tar-bits", "a bit of an entry that the group does not have", a, s, bits+1, 3)
	h.change("tar-kind", "an extra field of another kind on a group", a, s, bits, 'X')
}

// tarHeader adds an archive of items and of one with other header blocks than it should have.
func (h *hostiles) tarHeader(name, note string, it forge.Item, blocks []byte, items ...forge.Item) {
	it.Blocks = blocks
	h.items(AtVerify, "tar-"+name, note, append(items, it)...)
}

// change adds an archive with one byte changed.
func (h *hostiles) change(name, note string, archive, sidecar []byte, at int, b byte) {
	archive = bytes.Clone(archive)
	archive[at] = b
	h.add(AtVerify, name, note, archive, sidecar)
}
