package encoded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// Errors of variants. The answer is planned again without them.
var (
	// ErrUnusable means that a variant can't be sent. The log has a line about it.
	ErrUnusable = errors.New("the variant can't be used")

	// ErrTouched is an ErrUnusable if only attributes or names of the file have changed.
	ErrTouched = fmt.Errorf("%w: its attributes have changed", ErrUnusable)

	errWrittenOver = errors.New("it was written over")
	errBusy        = errors.New("it is being written")
	errSum         = errors.New("its checksum is wrong")
	errContent     = errors.New("it does not decode to the content that was signed")
)

// Wanted is a variant to read.
type Wanted struct {
	Entry int
	plan.Encoding
	plan.Variant
	Size int64 // of the content
	Seen *Seen // when the variant was planned, or proved later
	// Signed is the SHA-256 that the content must have, if the archive was signed, or zero.
	Signed [32]byte
}

// Read reads a variant into b, which has its length, and checks it. The error is ErrUnusable.
func (f *File) Read(w *Wanted, b []byte) error {
	if n, err := f.file.ReadAt(b, w.Offset); n != len(b) {
		return f.reject(w, err)
	}
	if err := f.check(w, b); err != nil {
		return f.reject(w, err)
	}
	return f.Check(w.Seen)
}

// Prove checks a variant before any of it is sent. It reads all of it, unless that was done before.
// The error is ErrUnusable. Check must be called after the variant was read again.
func (f *File) Prove(w *Wanted) error {
	if f.isGood(w) {
		return nil
	}
	f.proving.Lock() // of variants that must be decoded, one at a time is in memory
	defer f.proving.Unlock()
	if f.isGood(w) {
		return nil
	}
	if w.Signed != [32]byte{} {
		return f.Read(w, make([]byte, w.Length))
	}
	h := xxhash.New()
	n, err := io.Copy(h, io.NewSectionReader(f.file, w.Offset, w.Length))
	if err == nil && n != w.Length {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && h.Sum64() != w.Sum {
		err = errSum
	}
	if err != nil {
		return f.reject(w, err)
	}
	if err := f.Check(w.Seen); err != nil {
		return err
	}
	w.Seen.good.add(w.Entry, int(codingOf(w.Encoding)))
	return nil
}

// isGood reports whether a variant was proved. Of one that need not be signed, its bytes must be
// compared all the same if it is sent at once.
func (f *File) isGood(w *Wanted) bool { return w.Seen.good.has(w.Entry, int(codingOf(w.Encoding))) }

// Reader returns the file for reading a variant that was proved.
func (f *File) Reader() io.ReaderAt { return f.file }

// check compares the bytes of a variant with their checksum and, the first time, with what was
// signed.
func (f *File) check(w *Wanted, b []byte) error {
	if xxhash.Sum64(b) != w.Sum {
		return errSum
	}
	if w.Signed == [32]byte{} || f.isGood(w) {
		return nil
	}
	set, err := f.file.Find(w.Entry)
	if err != nil {
		return err
	}
	v, _ := set.Get(codingOf(w.Encoding))
	content, err := f.file.Decode(nil, v, b, w.Size)
	if err != nil {
		return err
	}
	if sha256.Sum256(content) != w.Signed {
		return errContent
	}
	w.Seen.good.add(w.Entry, int(codingOf(w.Encoding)))
	return nil
}

// reject makes Find leave a variant out, unless the whole file has changed.
func (f *File) reject(w *Wanted, err error) error {
	if err := f.Check(w.Seen); err != nil {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.ErrUnexpectedEOF
	}
	if f.bad.add(w.Entry, int(codingOf(w.Encoding))) {
		f.notice(fmt.Sprintf("%s: %v of entry %d: %v: it is not used. Make the file again",
			f.name, w.Encoding, w.Entry, err))
	}
	return ErrUnusable
}
