package patch

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/tarpack/tpk/gzmember"
)

// encoderNumber is the number of the encoder of this release: what gzmember.Encoder and
// gzmember.AppendTarHeader make. TestEncoder fails if they make other bytes; then the number must
// change. A reader takes what the encoder of another number made from the archive on the server.
const encoderNumber = 1

// Supported reports whether this release has the encoder of a patch. Of a patch with another one,
// Apply can only use what does not need it.
func (h *Header) Supported() bool { return h.Encoder == encoderNumber }

// groupLevel is the level at which every writer compresses G.
const groupLevel = 9

// An encoder makes members, as steps say.
type encoder struct{ content, group *gzmember.Encoder }

func newEncoder(level int) (e encoder, err error) {
	if e.content, err = gzmember.NewEncoder(level); err != nil {
		return e, err
	}
	e.group, err = gzmember.NewEncoder(groupLevel)
	return e, err
}

// append appends what a step other than a copy makes of its data, to which its extra field is
// appended.
func (e encoder) append(dst []byte, s *step, data []byte) []byte {
	data, extra := data[:s.data], data[s.data:]
	switch s.how {
	case stepHeader:
		return gzmember.AppendTarHeader(dst, data)
	case stepGroup:
		return e.group.AppendMember(dst, data, extra)
	case stepContent:
		return e.content.AppendMember(dst, data, nil)
	case stepSegment, stepLast:
		return e.content.AppendSegment(dst, data, s.how == stepLast)
	case stepZeros:
		return gzmember.AppendZeros(dst, int(s.zeros), extra)
	}
	return append(dst, data...)
}

// An inflater makes the sources of a dictionary.
type inflater struct {
	r   io.ReadCloser // of deflate streams; nil until its first use
	buf []byte
}

// append appends a source, or returns an error that wraps ErrCorrupt if the old archive does not
// have it.
func (f *inflater) append(dst []byte, old io.ReaderAt, s *source) ([]byte, error) {
	if int64(cap(f.buf)) < s.n {
		f.buf = make([]byte, s.n)
	}
	b := f.buf[:s.n]
	if err := readAt(old, b, s.off); err != nil {
		return dst, err
	}
	switch s.how {
	case sourceMember:
		start := len(dst)
		out, used, err := gzmember.Inflate(dst, b, int(s.len))
		if err != nil || used != len(b) || int64(len(out)-start) != s.len {
			return dst, fmt.Errorf("%w: no member of that length at byte %d", ErrCorrupt, s.off)
		}
		return out, nil
	case sourceSegment:
		return f.appendSegment(dst, b, s.len)
	}
	return append(dst, b...), nil
}

// appendSegment appends a segment, decompressed, which becomes n bytes.
func (f *inflater) appendSegment(dst, b []byte, n int64) ([]byte, error) {
	in := io.MultiReader(bytes.NewReader(b), bytes.NewReader([]byte{3, 0})) // an empty last block
	if f.r == nil {
		f.r = flate.NewReader(in)
	} else if err := f.r.(flate.Resetter).Reset(in, nil); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, make([]byte, n)...)
	if _, err := io.ReadFull(f.r, dst[start:]); err != nil {
		return dst[:start], fmt.Errorf("%w: a segment is damaged", ErrCorrupt)
	}
	return dst, nil
}
