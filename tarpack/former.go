package tarpack

import (
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
)

// An archive that grows in place (FORMAT.md 1.5) has its new members behind T, with a T of their own, before anything that was there is touched:
//
//	│ old members │ T │                      the archive as it was
//	│ old members │ T │ new members … T │    not finished: the archive ends where it did, the rest is nobody's
//	│ old members │ F │ new members … T │    grown: the last 18 bytes of the old T were overwritten, so that it inflates to nothing
//
// So what is read is either the old archive or the new one.

// ErrUnfinished means that bytes follow the end of the archive: of an append that was interrupted, or is not finished yet, or of a program that knows
// nothing of the format.
var ErrUnfinished = errors.New("an append was not finished, or another program has added to it")

// formerTail is how F ends: a deflate stream of no bytes, which is as long as that of T, CRC-32 and size, all 0 (FORMAT.md 1.2).
const formerTail = "\x00\x00\x00\xff\xff\x01\x00\x00\xff\xff" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"

// trailerHead is the part of T that F has, too.
const trailerHead = TrailerSize - len(formerTail)

// trailerState says what a member is that begins as T does.
type trailerState int

const (
	noTrailer     trailerState = iota
	wholeTrailer               // T
	formerTrailer              // F
	tornTrailer                // T of which some of the last bytes are those of F, or anything else
)

// parseFormer reads what is T, or was T, or was to become F.
func parseFormer(b []byte) (Trailer, trailerState) {
	if len(b) < TrailerSize {
		return Trailer{}, noTrailer
	}
	b = b[:TrailerSize:TrailerSize]
	tail := Trailer{}.Append(nil)[trailerHead:]
	t, err := ParseTrailer(append(b[:trailerHead:trailerHead], tail...))
	switch {
	case err != nil:
		return Trailer{}, noTrailer
	case string(b[trailerHead:]) == formerTail:
		return t, formerTrailer
	case string(b[trailerHead:]) == string(tail):
		return t, wholeTrailer
	}
	return t, tornTrailer
}

// An unfinishedError says where an archive ends, behind which more follows.
type unfinishedError struct {
	trailer Trailer
	rest    int64 // bytes
}

func (e *unfinishedError) Error() string {
	if e.rest == 1 {
		return fmt.Sprintf("1 byte follows its end: %v", ErrUnfinished)
	}
	return fmt.Sprintf("%d bytes follow its end: %v", e.rest, ErrUnfinished)
}

func (e *unfinishedError) Unwrap() []error { return []error{ErrUnfinished, ErrCorrupt} }

// endAt makes the archive end with t; what follows in its file is left out.
func (a *archiveFile) endAt(t Trailer) {
	end := t.Offset + TrailerSize
	a.trailer, a.rest, a.size = t, a.size+a.rest-end, end
}

// Unfinished is how many bytes follow the archive in its file, of an append that was interrupted or is not finished yet. Nothing reads them. If an
// append was killed, the next command that writes the archive cuts them off; else Repair does.
func (a *Archive) Unfinished() int64 { return a.x.rest }

// endsWith looks whether the archive ends where it did when x was its index. If so it is made to end there.
func (a *archiveFile) endsWith(x *sidecar.Index) bool {
	t := Trailer{Entries: uint64(x.Len()), Offset: x.ArchiveSize() - TrailerSize, Digest: x.Digest()}
	if a.onDevice() || a.file == nil || t.Offset < 0 || !a.hasBehind(t) {
		return false
	}
	a.endAt(t)
	return true
}

// A keptEnd reads an archive as it was when it was opened: with T at its end, whatever it has become in the meantime.
type keptEnd struct {
	file    io.ReaderAt
	trailer Trailer
}

// scanned is what reads all bytes of the archive.
func (a *archiveFile) scanned() io.ReaderAt {
	if a.trailer == (Trailer{}) {
		return a.file
	}
	return keptEnd{a.file, a.trailer}
}

// ReadAt reads from the file, but for T.
func (k keptEnd) ReadAt(b []byte, off int64) (int, error) {
	n, err := k.file.ReadAt(b, off)
	if at := k.trailer.Offset - off; at < int64(n) && at > -TrailerSize {
		t := k.trailer.Append(nil)
		copy(b[max(at, 0):n], t[max(-at, 0):])
	}
	return n, err
}
