package forge

import (
	"crypto/sha256"
	"slices"
)

// SumsBit is the optional feature of a sidecar with SHA-256 sums (FORMAT.md 2.5).
const SumsBit = 1 << 2

const (
	listsSumAt = 472
	sumBlock   = 1 << 16
	sumPart    = 1 << 20
)

// BuildWithSums is Build for an archive whose sidecar has SHA-256 sums.
func BuildWithSums(items ...Item) (archive, sidecar []byte) {
	archive, sidecar, _ = build(SumsBit, items)
	return archive, sidecar
}

// BuildSetWithSums is BuildSet with SHA-256 sums in all sidecars.
func BuildSetWithSums(shards ...[]Item) (archives, sidecars [][]byte, set []byte) {
	return buildSet(SumsBit, shards)
}

// contentSums returns sections 7 and 8.
func contentSums(ps []*placed, ordinals map[string]int) (contents, parts []byte) {
	var rows, sums []byte
	files := uint64(0)
	for i, p := range ps {
		content := p
		if t, ok := ordinals[p.Link]; p.Type == Hardlink && ok {
			content = ps[t]
		}
		if content.Type != File {
			contents = append(contents, make([]byte, 32)...)
			continue
		}
		contents = appendSum(contents, content.Content)
		if p.Type == File && len(p.Content) > sumPart {
			files++
			rows = append(le.AppendUint32(rows, uint32(i)), 20, 0, 0, 0)
			rows = le.AppendUint64(rows, uint64(len(sums)/32))
			for part := range slices.Chunk(p.Content, sumPart) {
				sums = appendSum(sums, part)
			}
		}
	}
	return contents, slices.Concat(le.AppendUint64(nil, files), rows, sums)
}

// addBlockSums appends sections 9 and 10 to a sidecar that has all others.
func addBlockSums(out []byte) []byte {
	out = align(out)
	var blocks, lists []byte
	for at := 0; at < len(out); at += sumBlock {
		blocks = appendSum(blocks, out[max(at, headerSize):min(at+sumBlock, len(out))])
	}
	for list := range slices.Chunk(blocks, sumBlock) {
		lists = appendSum(lists, list)
	}
	out = addSection(out, 8, blocks)
	out = addSection(out, 9, lists)
	copy(out[listsSumAt:digestAt], appendSum(nil, lists))
	return out
}

// ResealSums makes all sums of a sidecar that cover its own bytes right again, and its digest.
func ResealSums(sidecar []byte) {
	blocks := int(le.Uint64(sidecar[sectionsAt+24*8:]) & (1<<56 - 1))
	out := addBlockSums(sidecar[:blocks:blocks])
	copy(sidecar, out)
	Rehash(sidecar)
}

func appendSum(dst, b []byte) []byte {
	s := sha256.Sum256(b)
	return append(dst, s[:]...)
}
