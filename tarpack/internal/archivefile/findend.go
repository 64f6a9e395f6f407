package archivefile

import (
	"bytes"
	"errors"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
)

// searchedBack is how many bytes from its end on a file is searched for an archive's end, if no sidecar tells where that is. A newline, a page of
// HTML or a signature that somebody has appended is shorter.
const SearchedBack = 16 << 20

// trailerMark is how every T of this version begins: header of the member, TP subfield, kind and version.
var trailerMark = format.Trailer{}.Append(nil)[:18]

// trailerBefore finds the last T in a file of size bytes that was written for the place where it stands, so that no archive in a file of
// the archive is taken for it. What follows T is no part of the archive then.
func TrailerBefore(r io.ReaderAt, size int64) (format.Trailer, bool) {
	const step = 1 << 20
	b := make([]byte, step+format.TrailerSize-1)
	for to := size; to > max(size-SearchedBack, 0); to -= step {
		from := max(to-step, 0)
		// A T that begins in this step may end in the next one.
		n, err := r.ReadAt(b[:min(to+format.TrailerSize-1, size)-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return format.Trailer{}, false
		}
		for i := n; i >= 0; {
			if i = bytes.LastIndex(b[:i], trailerMark); i < 0 || i+format.TrailerSize > n {
				continue
			}
			if t, err := format.ParseTrailer(b[i : i+format.TrailerSize]); err == nil && t.Offset == from+int64(i) {
				return t, true
			}
		}
	}
	return format.Trailer{}, false
}
