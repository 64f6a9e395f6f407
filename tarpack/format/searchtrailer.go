package format

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Both searches accept only a T that was written for the offset where it stands. So a T inside the
// content of a file, which came from another archive, is not taken for the end of this one.

// searchStep is how many bytes a search reads at a time.
const searchStep = 1 << 20

// SearchedBack is how many bytes before the end of a file LastTrailer searches. What people append
// by mistake is shorter: a newline, a page of HTML, a signature.
const SearchedBack = 16 << 20

// trailerMark is how every T begins, whatever its version: the member's header, the TP subfield's
// head and the kind.
var trailerMark = Trailer{}.Append(nil)[:17]

// FirstTrailer returns the offset after the first T in a file of size bytes, or -1 if there is
// none. It reads no further than that T. A T of a newer version counts, wherever it was written
// for: ReadTrailer then returns ErrVersion. So does one of a draft.
//
// A file that does not begin like gzip is not searched.
func FirstTrailer(ctx context.Context, r io.ReaderAt, size int64) (int64, error) {
	var head [2]byte
	if _, err := r.ReadAt(head[:], 0); err != nil || string(head[:]) != string(MemberStart[:2]) {
		return -1, err
	}
	buf := make([]byte, searchStep)
	for off := int64(0); off < size; {
		if err := context.Cause(ctx); err != nil {
			return -1, err
		}
		b := buf[:min(int64(len(buf)), size-off)]
		n, err := r.ReadAt(b, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		b = b[:n]
		for at := 0; ; at++ {
			i := bytes.Index(b[at:], trailerMark)
			if i < 0 || at+i+EndSize > len(b) {
				break
			}
			at += i
			_, err := trailerAt(b, at, off)
			if err == nil || errors.Is(err, ErrVersion) || errors.Is(err, ErrDraft) {
				return off + int64(at) + EndSize, nil
			}
		}
		if n < len(buf) || off+int64(n) >= size {
			break
		}
		off += int64(n) - EndSize + 1
	}
	return -1, nil
}

// LastTrailer returns the last T in the last SearchedBack bytes of a file of size bytes. What
// follows that T does not belong to the archive. If there is none, or the file can't be read, ok is
// false.
func LastTrailer(r io.ReaderAt, size int64) (t Trailer, ok bool) {
	b := make([]byte, searchStep+EndSize-1)
	for to := size; to > max(size-SearchedBack, 0); to -= searchStep {
		from := max(to-searchStep, 0)
		// A T that begins in this step may end in the one after it.
		n, err := r.ReadAt(b[:min(to+EndSize-1, size)-from], from)
		if err != nil && !errors.Is(err, io.EOF) {
			return Trailer{}, false
		}
		for i := n; i >= 0; {
			if i = bytes.LastIndex(b[:i], trailerMark); i < 0 || i+EndSize > n {
				continue
			}
			if t, err := trailerAt(b, i, from); err == nil {
				return t, true
			}
		}
	}
	return Trailer{}, false
}

// trailerAt returns the T at b[i], which must be written for offset off + i. The error is that of
// ParseTrailer, or ErrNotArchive if the offset is another one.
func trailerAt(b []byte, i int, off int64) (Trailer, error) {
	t, err := ParseTrailer(b[i : i+EndSize])
	if t != (Trailer{}) && t.Offset != off+int64(i) {
		err = ErrNotArchive
	}
	return t, err
}
