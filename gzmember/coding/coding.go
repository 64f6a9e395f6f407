// Package coding defines the ways to write the content of a file as a gzip member, and the limits
// and arithmetic of each (FORMAT.md 1.3).
//
// It imports nothing of tpk, so that the members (package gzmember) and the index of an archive
// (package sidecar) share one type and one set of limits without importing each other.
package coding

import "strconv"

// Coding is the way in which the content of a file is written. Its values are those of the format.
type Coding uint8

// The codings. None is for a file of 0 bytes, which has no content member.
const (
	None      Coding = iota
	Deflate          // any deflate stream
	Stored           // stored blocks of StoredBlock bytes: any byte is at a computable offset
	Segmented        // a deflate stream that can be entered at the start of each segment
)

var names = [...]string{"none", "deflate", "stored", "segmented"}

// String returns the name of the coding: none, deflate, stored or segmented.
func (c Coding) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return "coding(" + strconv.Itoa(int(c)) + ")"
}

// Limits of every content member, in bytes.
const (
	// MaxSize is the largest size of a file, and of an archive (FORMAT.md 4).
	MaxSize = 1<<48 - 1
	// MaxSetSize is the most bytes that the archives of a set have together.
	MaxSetSize = 1<<56 - 1
	// Overhead is the part of a content member that is not its deflate stream: a gzip header of 10
	// bytes and a trailer of 8 (RFC 1952 §2.3).
	Overhead = 10 + 8
	// MinMember is the length of the shortest member. Its deflate stream is one block with fixed
	// Huffman codes and no content: 3 + 7 bits.
	MinMember = Overhead + 2
	// MaxExpansion is the most content that one byte of a deflate stream stands for: four matches
	// of 258 bytes, each with two codes of one bit (RFC 1951 §3.2.5).
	MaxExpansion = 4 * 258
)

// The layout of a stored content member.
const (
	// StoredBlock is the number of content bytes in each stored block except the last: the maximum
	// of LEN, a u16 (RFC 1951 §3.2.4).
	StoredBlock = 1<<16 - 1
	// StoredHead is the length of the header of a stored block: BFINAL, BTYPE and the padding in
	// one byte, then LEN and NLEN.
	StoredHead = 1 + 2 + 2
)

// StoredLength returns the length in bytes of the stored content member of a file of size bytes, 1
// to MaxSize: size + 5 × ⌈size / 65,535⌉ + 18.
func StoredLength(size int64) int64 {
	blocks := (size + StoredBlock - 1) / StoredBlock
	return size + StoredHead*blocks + Overhead
}
