// Package gzmember writes and reads single gzip members (RFC 1952), the parts of a tpk archive.
//
// Every member of an archive has the same ten header bytes, an optional extra field with one
// subfield, one deflate stream (RFC 1951), and a trailer:
//
//	0        10                                        len-8    len-4    len
//	┌────────┬─────────────┬──────────────────────────┬────────┬────────┐
//	│ header │ extra field │      deflate stream      │ CRC-32 │ ISIZE  │
//	└────────┴─────────────┴──────────────────────────┴────────┴────────┘
//	1f 8b 08 FLG 00 00 00 00 00 ff      FLG = 04: with extra field, else 00
//	         │ XLEN │ 'T' 'P' │ SLEN │ payload │   little-endian u16; only if FLG = 04
//
// The functions that write each kind of member, by the names of FORMAT.md:
//
//	H  the header of a file            [AppendTarHeader]
//	C  the content of a file           [Encoder.AppendContent], if it is in memory
//	   in segments                     [AppendMemberHeader], [Encoder.AppendSegment] …,
//	                                   [AppendMemberTrailer]
//	   that deflate would not shrink   [AppendStored], [StoredWriter]; see [Compressible]
//	P  the padding after it            [AppendZeros]
//	G  a group of other headers        [Encoder.AppendMember]
//	T  the end of the archive          [AppendZeros]
//
// The functions that read:
//
//	a member in memory                             [Inflate]
//	a C in an archive, the whole or a range of it  [NewReader], [NewRangeReader]
//	consecutive members, without an index          [Scanner]
//	the first bytes of a member                    [ParseHeader]
//
// A C is written in one of three ways, described in package coding: as an ordinary deflate stream;
// as stored blocks, where any byte is at a computable offset; or in segments. Each segment begins
// at a byte boundary and refers to nothing before it, so that segments can be written and read in
// parallel, and the content can be read from the middle.
//
// No input is trusted. A member that breaks a rule of FORMAT.md causes an error that wraps
// [ErrCorrupt], one that ends early an error that wraps [ErrTruncated]. No allocation depends on a
// number that the input states.
package gzmember

import "errors"

// Errors of this package wrap one of these, and carry the offset of the problem.
var (
	// ErrCorrupt is wrapped by every error about bytes that cannot be right. It also matches
	// (errors.Is) any error that stands for damage of every kind, by a method AnyDamage().
	ErrCorrupt error = damage("corrupt gzip member")
	// ErrTruncated is wrapped by every error about bytes missing at the end.
	ErrTruncated = errors.New("truncated gzip member")
)

// damage is the type of ErrCorrupt.
type damage string

// Error implements error.
func (d damage) Error() string { return string(d) }

// Is reports whether target stands for damage of any kind: an error with a method AnyDamage. So a
// package above this one can define one error that finds all damage, without an import from here.
func (d damage) Is(target error) bool {
	_, ok := target.(interface{ AnyDamage() })
	return ok
}
