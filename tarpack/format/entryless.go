package format

import (
	"bytes"

	"github.com/tarpack/tpk/gzmember"
)

// sureStart is the number of bytes after which the start of an index member, T or F is that of no
// group: a group's extra field is never as long (FORMAT.md 1.2).
const sureStart = gzmember.HeaderSize + 1

// trailerStart is how every T and F begins.
var trailerStart = Trailer{}.Append(nil)[:gzmember.HeaderSize+7]

// BeginsIndex reports whether b is the beginning of an index member (FORMAT.md 1.6), which may be
// cut off after at least one byte. Before is what precedes it.
func BeginsIndex(b []byte, before Before) bool {
	return beginsLike(b, partStart[:partKind], before)
}

// BeginsTrailer is BeginsIndex for T and F (FORMAT.md 1.2).
func BeginsTrailer(b []byte, before Before) bool {
	return beginsLike(b, trailerStart, before)
}

// Before is what precedes a member. It determines how much of the member is needed to recognize it.
type Before int

const (
	AfterEntries Before = iota
	AfterFormer         // F: new entries may follow, which hardly begin with an extra field
	AfterIndex          // an index member: only another one, or T, follows
)

func beginsLike(b, start []byte, before Before) bool {
	n := min(len(b), len(start))
	least := sureStart
	switch before {
	case AfterFormer:
		least = len(MemberStart) + 1
	case AfterIndex:
		least = 1
	}
	return n >= least && bytes.Equal(b[:n], start[:n])
}
