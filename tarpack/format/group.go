package format

import (
	"fmt"
	"io"
	"iter"

	"github.com/tarpack/tpk/gzmember"
)

// Group is a decoded G: the headers of neighbouring entries without content. A decoded H is a Group
// of one header.
type Group struct {
	Blocks []byte // the tar header blocks, the member's content
	Extra  []byte // payload of the TP subfield, as DuplicateBits returns it
	Draft  bool   // the headers are those of a draft of the format
}

// GroupHeader is one header of a group.
type GroupHeader struct {
	Header
	Blocks    []byte // the header's part of the group's blocks
	Duplicate bool   // a hard link that stands for a deduplicated copy
}

// ReadGroup reads the member G or H of length bytes, at most MaxMember, that begins at off. The
// error is that of reading, or it wraps ErrCorrupt: the member is damaged, has another length, or
// has more than MaxHeader bytes of headers. The headers are not parsed yet.
func ReadGroup(r io.ReaderAt, off int64, length int) (Group, error) {
	member := make([]byte, length)
	if _, err := r.ReadAt(member, off); err != nil {
		return Group{}, err
	}
	h, err := gzmember.ParseHeader(member)
	if err != nil {
		return Group{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	blocks, used, err := gzmember.Inflate(nil, member, MaxHeader)
	if err == nil && used != length {
		err = fmt.Errorf("%w: it is %d bytes long, not %d", gzmember.ErrCorrupt, used, length)
	}
	if err != nil {
		return Group{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return Group{Blocks: blocks, Extra: h.Extra}, nil
}

// Headers returns the headers of the group in order. It stops after an error, which wraps
// ErrCorrupt. It does not check that every bit of Extra belongs to a hard link of the group.
func (g Group) Headers() iter.Seq2[GroupHeader, error] {
	return func(yield func(GroupHeader, error) bool) {
		rest, parse := g.Blocks, ParseHeader
		if g.Draft {
			parse = ParseDraftHeader
		}
		for i := 0; len(rest) > 0; i++ {
			h, n, err := parse(rest)
			if err != nil {
				yield(GroupHeader{}, err)
				return
			}
			gh := GroupHeader{Header: h, Blocks: rest[:n:n]}
			if at := 1 + i/8; at < len(g.Extra) {
				gh.Duplicate = g.Extra[at]>>(i%8)&1 != 0
			}
			if !yield(gh, nil) {
				return
			}
			rest = rest[n:]
		}
	}
}

// DuplicateBits returns the payload of the TP subfield of a G with n entries (FORMAT.md 1.2). It is
// the kind, then one bit an entry, set where duplicate is true. It is nil if no entry is a
// duplicate.
func DuplicateBits(n int, duplicate func(i int) bool) []byte {
	payload := make([]byte, 1+(n+7)/8)
	payload[0] = gzmember.KindGroup
	any := false
	for i := range n {
		if duplicate(i) {
			payload[1+i/8] |= 1 << (i % 8)
			any = true
		}
	}
	if !any {
		return nil
	}
	return payload
}
