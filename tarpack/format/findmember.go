package format

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

// memberStart is how each member begins, up to FLG; memberRest follows FLG (FORMAT.md 1.2).
var (
	MemberStart = []byte{0x1f, 0x8b, 0x08}
	memberRest  = []byte{0, 0, 0, 0, 0, 0xff}
)

const SearchWindow = 128 << 10

// findUnit returns the first offset from off to before limit at which a unit begins: one whose first member inflates to a
// canonical tar header, or a trailer. Content may hold such bytes too, where another archive was packed, so an answer is
// only likely to be right. −1 means that there is none.
func FindUnit(ctx context.Context, src io.ReaderAt, size, off, limit int64) (int64, error) {
	buf := make([]byte, SearchWindow)
	var blocks []byte
	for off < limit {
		if err := context.Cause(ctx); err != nil {
			return -1, err
		}
		b := buf[:min(SearchWindow, size-off)]
		n, err := src.ReadAt(b, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		b = b[:n]
		// A member that begins behind this may not be in b as a whole: it is looked at in the next window.
		end := int(min(int64(len(b)), limit-off))
		if off+int64(len(b)) < size {
			end = min(end, len(b)-MaxMember)
		}
		for at := 0; at < end; at++ {
			i := bytes.Index(b[at:], MemberStart)
			if i < 0 || at+i >= end {
				break
			}
			at += i
			if beginsUnit(b[at:], &blocks) {
				return off + int64(at), nil
			}
		}
		if end <= 0 {
			break
		}
		off += int64(end)
	}
	return -1, nil
}

// beginsUnit says whether a unit begins at b[0].
func beginsUnit(b []byte, scratch *[]byte) bool {
	const rest = 4
	if len(b) < gzmember.HeaderSize || !bytes.Equal(b[rest:gzmember.HeaderSize], memberRest) {
		return false
	}
	if _, state := ParseFormer(b); state == WholeTrailer || state == FormerTrailer {
		return true
	}
	blocks, _, err := gzmember.Inflate((*scratch)[:0], b[:min(len(b), MaxMember)], MaxHeader)
	if err != nil {
		return false
	}
	*scratch = blocks
	h, n, err := ParseHeader(blocks)
	// The content of a small tar that somebody else wrote begins with a header, too.
	return err == nil && (n == len(blocks) || h.Type != sidecar.TypeFile)
}
