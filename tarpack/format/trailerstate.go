package format

import (
	"errors"
	"io"
)

// An archive that grows in place gets its new members, with a T of their own, after the old T. One
// write then makes the old T an F, a former trailer, which inflates to nothing (FORMAT.md 1.5):
//
//	│ members │ T │                     the archive as it was
//	│ members │ T │ new members … T │   not finished: the archive still ends at the first T
//	│ members │ F │ new members … T │   grown: the last 18 bytes of the old T were overwritten
//
// So a reader sees either the old archive or the new one.

// FormerTail is the end of F, where it differs from T (FORMAT.md 1.2). It is a deflate stream of no
// bytes, as long as that of T, then CRC-32 and size, both 0.
const FormerTail = "\x00\x00\x00\xff\xff\x01\x00\x00\xff\xff" +
	"\x00\x00\x00\x00" +
	"\x00\x00\x00\x00"

// TrailerHead is the number of bytes at the beginning of T that F keeps, 46.
const TrailerHead = EndSize - len(FormerTail)

// TrailerState is what a member is that has the beginning of a T.
type TrailerState int

// The states of a trailer.
const (
	NoTrailer     TrailerState = iota // the beginning is not that of a T
	WholeTrailer                      // T
	FormerTrailer                     // F
	TornTrailer                       // the last 18 bytes are neither those of T nor those of F
)

// ParseTrailerState reads the first EndSize bytes of b as T or F. The Trailer is what T holds
// or held; it is zero for NoTrailer. Neither its features are checked, nor is its offset compared
// with where b comes from.
func ParseTrailerState(b []byte) (Trailer, TrailerState) {
	if len(b) < EndSize {
		return Trailer{}, NoTrailer
	}
	b = b[:EndSize:EndSize]
	tail := Trailer{}.Append(nil)[TrailerHead:]
	t, err := parseTrailer(append(b[:TrailerHead:TrailerHead], tail...))
	switch {
	case err != nil:
		return Trailer{}, NoTrailer
	case string(b[TrailerHead:]) == FormerTail:
		return t, FormerTrailer
	case string(b[TrailerHead:]) == string(tail):
		return t, WholeTrailer
	}
	return t, TornTrailer
}

// HasTrailer reports whether the archive that ends with t is still in r: t is where it should be, or
// the F that it became when the archive grew. The error is that of reading.
func HasTrailer(r io.ReaderAt, t Trailer) (bool, error) {
	var b [EndSize]byte
	n, err := r.ReadAt(b[:TrailerHead], t.Offset)
	if n == TrailerHead || errors.Is(err, io.EOF) {
		err = nil
	}
	return string(b[:n]) == string(t.Append(nil)[:TrailerHead]), err
}
