package format

import (
	"bufio"
	"context"
	"fmt"
	"io"
)

// UnfinishedError is an ErrUnfinished or an ErrJoined, and an ErrCorrupt, with the place where the
// archive ends.
type UnfinishedError struct {
	Trailer  Trailer // the last T of the archive
	Rest     int64   // bytes that follow it
	IsJoined bool    // they end with another archive
}

// NewUnfinished returns the error of an archive in r that ends with t, where rest bytes follow it,
// at least one.
func NewUnfinished(r io.ReaderAt, t Trailer, rest int64) *UnfinishedError {
	e := &UnfinishedError{Trailer: t, Rest: rest}
	var b [EndSize]byte
	if rest < EndSize {
		return e
	}
	if _, err := r.ReadAt(b[:], e.end()+rest-EndSize); err != nil && err != io.EOF {
		return e
	}
	last, err := ParseTrailer(b[:])
	e.IsJoined = err == nil && last.Offset+EndSize <= rest // else it is that of an append
	return e
}

// LastJoined returns the error of a file that ends with an archive right behind another one. It
// returns nil for other files.
func LastJoined(r io.ReaderAt, size int64) *UnfinishedError {
	trailer := func(end int64) (Trailer, bool) {
		var b [EndSize]byte
		if end < EndSize {
			return Trailer{}, false
		}
		if _, err := r.ReadAt(b[:], end-EndSize); err != nil && err != io.EOF {
			return Trailer{}, false
		}
		t, err := ParseTrailer(b[:])
		return t, err == nil
	}
	last, ok := trailer(size)
	rest := last.Offset + EndSize
	if !ok || rest < EndSize || rest >= size {
		return nil
	}
	before, ok := trailer(size - rest)
	if !ok {
		return nil
	}
	before.Offset = size - rest - EndSize
	return &UnfinishedError{Trailer: before, Rest: rest, IsJoined: true}
}

// SearchJoined looks for another archive behind the archive and any zeros. It reads on to its end.
func (e *UnfinishedError) SearchJoined(ctx context.Context, r io.ReaderAt) error {
	if e.IsJoined {
		return nil
	}
	rest := bufio.NewReader(io.NewSectionReader(r, e.end(), e.Rest))
	zeros := int64(0)
	for {
		b, err := rest.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if b != 0 {
			break
		}
		zeros++
	}
	size := e.Rest - zeros
	end, err := FirstTrailer(ctx, io.NewSectionReader(r, e.end()+zeros, size), size)
	e.IsJoined = end >= 0
	if err == io.EOF { // it is shorter than what FirstTrailer looks at
		err = nil
	}
	return err
}

// end returns where the archive ends.
func (e *UnfinishedError) end() int64 { return e.Trailer.Offset + EndSize }

func (e *UnfinishedError) Error() string {
	switch {
	case e.IsJoined:
		return fmt.Sprintf("%v, at offset %d", ErrJoined, e.end())
	case e.Rest == 1:
		return fmt.Sprintf("1 byte follows its end: %v", ErrUnfinished)
	}
	return fmt.Sprintf("%d bytes follow its end: %v", e.Rest, ErrUnfinished)
}

// Unwrap returns ErrUnfinished or ErrJoined, and ErrCorrupt.
func (e *UnfinishedError) Unwrap() []error {
	if e.IsJoined {
		return []error{ErrJoined, ErrCorrupt}
	}
	return []error{ErrUnfinished, ErrCorrupt}
}
