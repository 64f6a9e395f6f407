package format

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
)

var (
	// MemberStart is how every member of an archive begins (FORMAT.md 1.2). FLG, one byte, follows.
	MemberStart = []byte{0x1f, 0x8b, 0x08}
	// memberRest follows FLG.
	memberRest = []byte{0, 0, 0, 0, 0, 0xff}
)

// SearchWindow is how many bytes FindUnit reads at a time.
const SearchWindow = 128 << 10

// FindUnit returns the first offset, from off to before limit, where a unit seems to begin. That is
// an H or G that inflates to a canonical header, or T or F. It returns -1 if there is none.
//
// The offset may be wrong: the content of a file can hold such bytes if it came from another
// archive. Src has size bytes. Windows of SearchWindow bytes are read.
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
		// A member that begins at end or later may be cut off in b. The next window has it whole.
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

// BeginsUnit reports whether b seems to begin with a unit, as FindUnit does, perhaps after members
// that inflate to nothing. MaxMember bytes are enough, unless there are many of those.
func BeginsUnit(b []byte) bool {
	var scratch []byte
	for {
		if beginsUnit(b, &scratch) {
			return true
		}
		_, n, err := gzmember.Inflate(nil, b, 0)
		if err != nil {
			return false
		}
		b = b[n:]
	}
}

// beginsUnit is BeginsUnit with a buffer for the headers.
func beginsUnit(b []byte, scratch *[]byte) bool {
	const rest = 4
	if len(b) < gzmember.HeaderSize || !bytes.HasPrefix(b, MemberStart) ||
		!bytes.Equal(b[rest:gzmember.HeaderSize], memberRest) {
		return false
	}
	if _, state := ParseTrailerState(b); state == WholeTrailer || state == FormerTrailer {
		return true
	}
	blocks, _, err := gzmember.Inflate((*scratch)[:0], b[:min(len(b), MaxMember)], MaxHeader)
	if err != nil {
		return false
	}
	*scratch = blocks
	h, n, err := ParseHeader(blocks)
	// The content of a small tar of another program begins with a header, too.
	return err == nil && (n == len(blocks) || h.Type != sidecar.TypeFile)
}
