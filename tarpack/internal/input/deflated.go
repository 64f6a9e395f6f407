package input

import (
	"fmt"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// A Deflated is a file whose content comes as a raw deflate stream, which is taken over as it is.
type Deflated struct {
	Given
	Raw *output.Buffer
	CRC uint32 // CRC-32 of the content
}

// Load wraps the stream in a member and inflates it, which checks size and CRC-32. If they do not
// match, or bytes follow the stream, it returns a *format.Problem.
func (d *Deflated) Load(c *Content) error {
	defer d.Raw.Release()
	size := d.H.Size
	c.Member = output.GetBuffer(len(d.Raw.B) + gzmember.HeaderSize + gzmember.MemberTrailerSize)
	b := gzmember.AppendMemberHeader(c.Member.B, nil)
	b = append(b, d.Raw.B...)
	b = gzmember.AppendMemberTrailer(b, d.CRC, size)
	c.Member.B = b
	c.Bytes = output.GetBuffer(int(size) + 1)
	content, used, err := gzmember.Inflate(c.Bytes.B, b, int(size))
	if err == nil && (used != len(b) || int64(len(content)) != size) {
		err = fmt.Errorf("%w: bytes follow its deflate stream", format.ErrCorrupt)
	}
	if err != nil {
		return &format.Problem{Path: d.H.Path, Offset: -1, Err: err}
	}
	c.Bytes.B = content
	c.Coding = coding.Deflate
	if gzmember.IsStored(b, size) {
		c.Coding = coding.Stored
	}
	return nil
}
