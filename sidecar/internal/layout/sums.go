package layout

import (
	"crypto/sha256"
	"hash"
)

// Sizes in the sections of SHA-256 sums (FORMAT.md 2.5).
const (
	// SumSize is the length of a sum.
	SumSize = sha256.Size
	// SumShift is the base-2 logarithm of the bytes of content for each sum in the section of MiB
	// sums. Contents of more bytes than that have such sums.
	SumShift = 20
	// SumBlock is the number of bytes of the sidecar for each sum in the section of block sums, and
	// of that section for each sum in the section of list sums.
	SumBlock = 64 << 10
)

// Sum is a SHA-256.
type Sum = [SumSize]byte

// EmptySum is the SHA-256 of no bytes.
var EmptySum = sha256.Sum256(nil)

// NumMiBSums returns how many sums a content of size bytes has in the section of MiB sums.
func NumMiBSums(size int64) int64 {
	if size <= 1<<SumShift {
		return 0
	}
	return (size + 1<<SumShift - 1) >> SumShift
}

// MiBSumsAt returns the offset in the section of MiB sums of the first sum, after the rows of all
// files. The rows are those of the section of segments.
func MiBSumsAt(files int64) int64 { return SegmentRowAt(files) }

// MiBSumsLen returns the length of the section of MiB sums for some files and all their sums.
func MiBSumsLen(files, sums int64) int64 { return MiBSumsAt(files) + sums*SumSize }

// BlockSumsLen returns the length of the section of block sums, which begins at byte off of the
// sidecar.
func BlockSumsLen(off int64) int64 { return (off + SumBlock - 1) / SumBlock * SumSize }

// ListSumsLen returns the length of the section of list sums for n bytes of block sums.
func ListSumsLen(n int64) int64 { return (n + SumBlock - 1) / SumBlock * SumSize }

// A BlockHasher cuts what is written to it into blocks of SumBlock bytes, and hands the SHA-256 of
// each to a function.
type BlockHasher struct {
	emit func(Sum)
	hash hash.Hash
	left int // bytes that the block has room for
}

// NewBlockHasher returns a BlockHasher whose first block lacks its first skip bytes, fewer than
// SumBlock.
func NewBlockHasher(skip int, emit func(Sum)) *BlockHasher {
	return &BlockHasher{emit: emit, hash: sha256.New(), left: SumBlock - skip}
}

// Write adds bytes. It never fails.
func (b *BlockHasher) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), b.left)
		b.hash.Write(p[:k])
		p = p[k:]
		if b.left -= k; b.left == 0 {
			b.end()
		}
	}
	return n, nil
}

// Close ends the last block.
func (b *BlockHasher) Close() {
	if b.left < SumBlock {
		b.end()
	}
}

func (b *BlockHasher) end() {
	var s Sum
	b.hash.Sum(s[:0])
	b.hash.Reset()
	b.left = SumBlock
	b.emit(s)
}
