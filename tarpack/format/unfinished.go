package format

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/count"
)

// UnfinishedError is an ErrUnfinished, an ErrJoined or an ErrAdded, and an ErrCorrupt, with the
// place where the archive ends.
type UnfinishedError struct {
	Trailer  Trailer // the last T of the archive
	Rest     int64   // bytes that follow it
	IsJoined bool    // they begin or end with another archive, of this format or a convertible one
	Kind     Foreign // of bytes that no append writes; "" for those of an append, or zeros
	// MayBeArchive means that they begin with an entry: of an append that was not finished, or of
	// another archive that is cut off. Nothing in the bytes shows which it is.
	MayBeArchive bool
}

// NewUnfinished returns the error of an archive in r that ends with t, where rest bytes follow it,
// at least one.
func NewUnfinished(r io.ReaderAt, t Trailer, rest int64) *UnfinishedError {
	e := &UnfinishedError{Trailer: t, Rest: rest}
	if zeros, err := e.zeros(r, maxPadding); err == nil {
		e.recognize(r, zeros)
	}
	e.recognizeEnd(r)
	return e
}

// LastJoined returns the error of a file that ends with an archive right behind another one. It
// returns nil for other files.
func LastJoined(r io.ReaderAt, size int64) *UnfinishedError {
	last, ok := trailerBefore(r, size)
	rest := last.Offset + EndSize
	if !ok || rest < EndSize || rest >= size {
		return nil
	}
	before, ok := trailerBefore(r, size-rest)
	if !ok {
		return nil
	}
	before.Offset = size - rest - EndSize
	return &UnfinishedError{Trailer: before, Rest: rest, IsJoined: true}
}

// trailerBefore returns the T that ends at the offset end, whatever offset it was written for.
func trailerBefore(r io.ReaderAt, end int64) (t Trailer, ok bool) {
	if end < EndSize {
		return Trailer{}, false
	}
	var b [EndSize]byte
	if _, err := r.ReadAt(b[:], end-EndSize); err != nil && err != io.EOF {
		return Trailer{}, false
	}
	t, err := ParseTrailer(b[:])
	return t, err == nil
}

// SearchJoined looks for another archive behind the archive and any zeros. It reads on to its end.
func (e *UnfinishedError) SearchJoined(ctx context.Context, r io.ReaderAt) error {
	if e.IsJoined {
		return nil
	}
	zeros, err := e.zeros(r, e.Rest)
	if err != nil || zeros == e.Rest {
		return err
	}
	e.recognize(r, zeros)
	if e.recognizeEnd(r); e.IsJoined {
		return nil
	}
	size := e.Rest - zeros
	end, err := FirstTrailer(ctx, io.NewSectionReader(r, e.end()+zeros, size), size)
	e.IsJoined = end >= 0
	if err == io.EOF { // it is shorter than what FirstTrailer looks at
		err = nil
	}
	return err
}

// maxPadding is how many zeros between archives NewUnfinished skips: more than a record of tar.
const maxPadding = 64 << 10

// zeros returns how many zeros the bytes begin with that follow the archive, at most limit.
func (e *UnfinishedError) zeros(r io.ReaderAt, limit int64) (int64, error) {
	rest := bufio.NewReader(io.NewSectionReader(r, e.end(), min(e.Rest, limit)))
	for n := int64(0); ; n++ {
		b, err := rest.ReadByte()
		if b != 0 || err == io.EOF {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// recognize sets IsJoined, Kind and MayBeArchive by what begins after the given number of zeros.
func (e *UnfinishedError) recognize(r io.ReaderAt, zeros int64) {
	if e.Rest <= zeros { // T may be cut off
		return
	}
	head := make([]byte, min(MaxMember, e.Rest-zeros))
	n, err := r.ReadAt(head, e.end()+zeros)
	if err != nil && err != io.EOF {
		return
	}
	head = head[:n]
	rest := io.NewSectionReader(r, e.end()+zeros, e.Rest-zeros)
	if len(head) == 0 || head[0] == 0 {
		return
	}
	if beginsIndex(head) {
		if e.isIndex(head) {
			return
		}
	} else if e.MayBeArchive = BeginsUnit(head); e.MayBeArchive || isTornUnit(head, rest) {
		return
	}
	if e.Kind = Recognize(head); e.Kind == ForeignGzip {
		e.Kind = recognizeGzip(head)
	}
	if !hasHeader(e.Kind, head) {
		e.Kind = ForeignUnknown
	}
	switch e.Kind {
	case ForeignTar, ForeignZip, ForeignXZ, ForeignZstd, ForeignBzip2, ForeignLZ4, ForeignGzip:
		e.IsJoined = true
	default:
		if isOldTar(head) {
			e.IsJoined, e.Kind = true, ForeignTar
		}
	}
}

// recognizeEnd sets IsJoined and MayBeArchive by the end of the bytes, if that is a T.
func (e *UnfinishedError) recognizeEnd(r io.ReaderAt) {
	if e.IsJoined || e.Rest < EndSize {
		return
	}
	if last, ok := trailerBefore(r, e.end()+e.Rest); ok {
		e.IsJoined = last.Offset+EndSize <= e.Rest // else an append wrote it
		e.MayBeArchive = false
	}
}

// isTornUnit reports whether r, which begins with head and not with a unit, may be one that was not
// completely written: it looks like one, and is not a whole member of something else.
func isTornUnit(head []byte, r io.Reader) bool {
	const rest = 4
	if len(head) < gzmember.HeaderSize {
		n := min(len(head), rest)
		return bytes.HasPrefix(MemberStart, head[:min(n, len(MemberStart))]) &&
			bytes.HasPrefix(memberRest, head[n:])
	}
	if !bytes.HasPrefix(head, MemberStart) ||
		!bytes.Equal(head[rest:gzmember.HeaderSize], memberRest) {
		return false
	}
	z, err := gzip.NewReader(bufio.NewReader(r))
	if err != nil {
		return true
	}
	z.Multistream(false)
	_, err = io.CopyN(io.Discard, z, MaxHeader+1)
	return err != nil && err != io.EOF
}

// isOldTar reports whether b begins with a tar header, also one from before POSIX, by its checksum.
func isOldTar(b []byte) bool {
	if len(b) < BlockSize || b[0] == 0 {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(b[:BlockSize])).Next()
	return err == nil
}

// end returns where the archive ends.
func (e *UnfinishedError) end() int64 { return e.Trailer.Offset + EndSize }

// What says what the bytes are, as a sentence without a full stop. It is "" for those of an append,
// or zeros.
func (e *UnfinishedError) What() string {
	if e.IsJoined && e.Kind == "" {
		return "it is another archive"
	}
	return string(e.Kind)
}

func (e *UnfinishedError) Error() string {
	switch {
	case e.IsJoined && e.Kind != "":
		return fmt.Sprintf("%v, at offset %d: %v", ErrJoined, e.end(), e.Kind)
	case e.IsJoined:
		return fmt.Sprintf("%v, at offset %d", ErrJoined, e.end())
	case e.Kind != "":
		bytes := count.Of(e.Rest, "byte of another program follows", "bytes of another program follow")
		return fmt.Sprintf("%s its end, at offset %d: %v", bytes, e.end(), e.Kind)
	}
	bytes := count.Of(e.Rest, "byte follows", "bytes follow")
	if e.MayBeArchive {
		return fmt.Sprintf("%s its end, at offset %d: %v", bytes, e.end(), ErrMayBeArchive)
	}
	return fmt.Sprintf("%s its end: %v", bytes, ErrUnfinished)
}

// Unwrap returns ErrUnfinished, ErrJoined or ErrAdded, and ErrCorrupt. It adds ErrMayBeArchive to
// ErrUnfinished.
func (e *UnfinishedError) Unwrap() []error {
	switch {
	case e.IsJoined:
		return []error{ErrJoined, ErrCorrupt}
	case e.Kind != "":
		return []error{ErrAdded, ErrCorrupt}
	}
	if e.MayBeArchive {
		return []error{ErrMayBeArchive, ErrUnfinished, ErrCorrupt}
	}
	return []error{ErrUnfinished, ErrCorrupt}
}
