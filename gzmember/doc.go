// Package gzmember writes and reads single gzip members (RFC 1952), the parts a tpk archive is made of.
//
// Every member of an archive has the same ten header bytes, an optional extra
// field with one subfield, one deflate stream (RFC 1951), and a trailer:
//
//	0        10                                        len-8    len-4    len
//	┌────────┬─────────────┬──────────────────────────┬────────┬────────┐
//	│ header │ extra field │      deflate stream      │ CRC-32 │ ISIZE  │
//	└────────┴─────────────┴──────────────────────────┴────────┴────────┘
//	1f 8b 08 FLG 00 00 00 00 00 ff      FLG = 04: with extra field, else 00
//	         │ XLEN │ 'T' 'P' │ SLEN │ payload │   little-endian u16; only if FLG = 04
//
// Which function writes which member (the names are those of FORMAT.md):
//
//	H  the header of a file            [AppendTarHeader]
//	C  the content of a file           [Encoder.AppendContent], if it is in memory
//	   in segments                     [AppendMemberHeader], [Encoder.AppendSegment] …, [AppendMemberTrailer]
//	   that deflate would not shrink   [AppendStored], [StoredWriter]; [Compressible] tells beforehand
//	P  the padding after it            [AppendZeros]
//	G  a group of other headers        [Encoder.AppendMember]
//	T  the end of the archive          [AppendZeros]
//
// Which one reads:
//
//	a member in memory                           [Inflate]
//	a C in an archive, whole or a part of it     [NewReader], [NewRangeReader]
//	members one after the other, without an index [Scanner]
//	the first bytes of a member                  [ParseHeader]
//
// A C is written in one of three ways, its [Coding]: an ordinary deflate stream; stored
// blocks of 65,535 bytes, where any byte is at a computable offset; or segments,
// each of which begins at a byte boundary and refers to nothing before it, so that they can be
// written and read in parallel, and read from the middle.
//
// Nothing here trusts its input: a member that breaks a rule of FORMAT.md gives an error
// that wraps [ErrCorrupt], one that ends early one that wraps [ErrTruncated], and what is allocated
// never depends on a number that the input claims.
package gzmember

import "errors"

// The errors that this package makes itself. They come wrapped, with the offset at which the problem lies.
var (
	// ErrCorrupt is wrapped by every error about bytes that cannot be right.
	ErrCorrupt = errors.New("corrupt gzip member")
	// ErrTruncated is wrapped by every error about bytes that are missing at the end.
	ErrTruncated = errors.New("truncated gzip member")
)

// Coding is the way a C is written (FORMAT.md §1.3). Zero means that there is none, for a file of 0 bytes.
type Coding uint8

// The codings, with the numbers that the sidecar uses.
const (
	Deflate   Coding = 1 // any deflate stream
	Stored    Coding = 2 // stored blocks of StoredBlock bytes
	Segmented Coding = 3 // a deflate stream that can be entered at each segment
)

// String returns the coding's name: none, deflate, stored or segmented.
func (c Coding) String() string {
	switch c {
	case 0:
		return "none"
	case Deflate:
		return "deflate"
	case Stored:
		return "stored"
	case Segmented:
		return "segmented"
	}
	return "invalid"
}
