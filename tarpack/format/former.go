package format

import (
	"fmt"
)

// formerTail is how F ends: a deflate stream of no bytes, which is as long as that of T, CRC-32 and size, all 0 (FORMAT.md 1.2).
const FormerTail = "\x00\x00\x00\xff\xff\x01\x00\x00\xff\xff" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// trailerHead is the part of T that F has, too.
const TrailerHead = TrailerSize - len(FormerTail)

// trailerState says what a member is that begins as T does.
type trailerState int

const (
	NoTrailer     trailerState = iota
	WholeTrailer               // T
	FormerTrailer              // F
	TornTrailer                // T of which some of the last bytes are those of F, or anything else
)

// parseFormer reads what is T, or was T, or was to become F.
func ParseFormer(b []byte) (Trailer, trailerState) {
	if len(b) < TrailerSize {
		return Trailer{}, NoTrailer
	}
	b = b[:TrailerSize:TrailerSize]
	tail := Trailer{}.Append(nil)[TrailerHead:]
	t, err := ParseTrailer(append(b[:TrailerHead:TrailerHead], tail...))
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

// An unfinishedError says where an archive ends, behind which more follows.
type UnfinishedError struct {
	Trailer Trailer
	Rest    int64 // bytes
}

func (e *UnfinishedError) Error() string {
	if e.Rest == 1 {
		return fmt.Sprintf("1 byte follows its end: %v", ErrUnfinished)
	}
	return fmt.Sprintf("%d bytes follow its end: %v", e.Rest, ErrUnfinished)
}

func (e *UnfinishedError) Unwrap() []error { return []error{ErrUnfinished, ErrCorrupt} }
