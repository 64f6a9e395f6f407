package packer

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// inflateRaw makes C of a raw deflate stream, if that is right, and its content.
func (it *Item) inflateRaw() error {
	defer it.Raw.Release()
	size := it.GivenHeader.Size
	it.member = output.GetBuffer(len(it.Raw.B) + gzmember.HeaderSize + gzmember.MemberTrailerSize)
	b := gzmember.AppendMemberHeader(it.member.B, nil)
	b = append(b, it.Raw.B...)
	b = gzmember.AppendMemberTrailer(b, it.RawCRC, size)
	it.member.B = b
	it.Content = output.GetBuffer(int(size) + 1)
	content, used, err := gzmember.Inflate(it.Content.B, b, int(size))
	if err == nil && (used != len(b) || int64(len(content)) != size) {
		err = fmt.Errorf("%w: bytes follow its deflate stream", format.ErrCorrupt)
	}
	if err != nil {
		return &format.Problem{Path: it.GivenHeader.Path, Offset: -1, Err: err}
	}
	it.Content.B = content
	it.made.coding = coding.Deflate
	if gzmember.IsStored(b, size) {
		it.made.coding = coding.Stored
	}
	return nil
}
