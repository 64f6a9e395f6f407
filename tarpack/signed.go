package tarpack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// Signed returns what was signed of the archive, or nil if OpenOptions.Trust was not set. If it is
// not nil, every byte of the index is compared with its SHA-256 before it is used, and every
// content before it is returned.
//
// Source is not compared with anything. What copies whole members from it, as package export does,
// needs CheckSigned first, and StillSigned afterwards.
func (a *Archive) Signed() *signature.Signed { return a.signed }

// trust compares the archive and its index with what was signed, and replaces the index by one of
// which every byte is checked.
func (a *Archive) trust(s *signature.Signed, o *OpenOptions) error {
	a.signed = s
	if err := s.CheckSize(a.src.Size()); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	if files, ok := a.src.(*shardset.File); ok {
		files.Strict = true
	}
	if set := a.set(); set != nil {
		l := *set.List()
		if a.rebuilt { // the list may have been missing, too
			l.Entries, l.Index = uint64(a.index.Len()), a.index.Digest()
		}
		if sha256.Sum256(l.Append(nil)) != s.List {
			return fmt.Errorf("%s: %w: its list has other shards", a.name, signature.ErrIndex)
		}
	}
	var header sidecar.Header
	if _, err := a.index.ReadAt(header[:], 0); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	switch got := sha256.Sum256(header[:]); {
	case got == s.Index && a.rebuilt: // the rest was made with the header
		return nil
	case got != s.Index && a.rebuilt:
		return fmt.Errorf("%s: %w: it gives another index", a.name, signature.ErrChanged)
	case got != s.Index:
		return fmt.Errorf("%s: %w: its header has the SHA-256 %x, not %x", a.name,
			signature.ErrIndex, got, s.Index)
	}
	a.header = &header
	checked, err := sidecar.OpenChecked(&header, a.index, a.index.Size())
	if err == nil && o.LoadIndex > 0 {
		checked, err = load(checked, a.index, o.LoadIndex)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", a.name, signature.ErrIndex, err)
	}
	if checked != a.index {
		a.index, a.under = checked, a.index
	}
	return nil
}

// CheckSigned compares the SHA-256 of the whole archive, for a set that of each shard, with what
// was signed. Contents and index are checked without it; tar headers and whole members are not. It
// returns nil at once if OpenOptions.Trust was not set.
func (a *Archive) CheckSigned(ctx context.Context) error {
	if a.signed == nil {
		return nil
	}
	if f, ok := a.src.(*source.File); ok { // so that each later change shows
		for stamp := changetime.StampOf(f.Opened()); !stamp.Settled(time.Now()); {
			time.Sleep(time.Millisecond)
		}
	}
	off, part := int64(0), a.src.Size()
	for i, file := range a.signed.Files {
		name := a.name
		if a.Shards() > 0 {
			part = a.ShardSize(i)
			name = a.set().Name.Shard(i)
		}
		sum, err := HashRange(ctx, a.src, off, part)
		if err == nil {
			err = file.Check(sum)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		off += part
	}
	return nil
}

// StillSigned returns an error if the archive may have been written to since CheckSigned began.
// What has copied whole members calls it in the end. If only the time of the last change differs,
// it compares the whole archive again. The error wraps source.ErrChanged or signature.ErrChanged.
// It returns nil if OpenOptions.Trust was not set, or if the bytes are not in files.
func (a *Archive) StillSigned(ctx context.Context) error {
	files, ok := a.src.(source.Overwritable)
	if a.signed == nil || !ok {
		return nil
	}
	err := files.Unchanged(0, a.src.Size())
	if errors.Is(err, source.ErrTouched) {
		files.Accept()
		if err = a.CheckSigned(ctx); err == nil {
			err = files.Unchanged(0, a.src.Size())
		}
	}
	return err
}

// HashRange returns the SHA-256 of n bytes of r from off on.
func HashRange(ctx context.Context, r io.ReaderAt, off, n int64) (sum signature.Hash, err error) {
	h := sha256.New()
	src := io.NewSectionReader(r, off, n)
	for err == nil {
		if err = context.Cause(ctx); err == nil {
			_, err = io.CopyN(h, src, unit)
		}
	}
	if got, _ := src.Seek(0, io.SeekCurrent); err == io.EOF && got == n {
		err = nil
	}
	if err != nil {
		return sum, err
	}
	return signature.Hash(h.Sum(nil)), nil
}

// unit is how many bytes of a content are checked at once. Each has its SHA-256 in the index.
const unit = sidecar.SumMiB

// CheckContent compares the whole content of entry i with what was signed. It returns nil at once
// if OpenOptions.Trust was not set. The error wraps signature.ErrContent.
func (a *Archive) CheckContent(i int, content []byte) error {
	if a.signed == nil {
		return nil
	}
	want, err := a.index.SHA256(i)
	if err == nil && sha256.Sum256(content) != want {
		err = fmt.Errorf("%w: it does not have the SHA-256 %x", signature.ErrContent, want)
	}
	return err
}

// ContentError returns err, an error of reading a content. If OpenOptions.Trust was set, damage
// wraps signature.ErrContent.
func (a *Archive) ContentError(err error) error {
	if a.signed != nil && isDamage(err) && !errors.Is(err, signature.ErrRefused) {
		return fmt.Errorf("%w: %w", signature.ErrContent, err)
	}
	return err
}

// isDamage reports whether an error of reading means that bytes are not what they should be.
func isDamage(err error) bool {
	return errors.Is(err, format.ErrCorrupt) || errors.Is(err, format.ErrTruncated) ||
		errors.Is(err, gzmember.ErrTruncated) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF)
}

// signedReader reads a content in units, and returns no byte of a unit whose SHA-256 is wrong.
type signedReader struct {
	a    *Archive
	r    ContentReader // without checks
	at   int64         // where r is
	size int64
	sums sidecar.SumTable // Len is 0 if there is one unit only
	only signature.Hash   // of that

	pos int64
	k   int64 // number of the unit in buf, or -1
	buf []byte
}

// newSignedReader returns a reader that checks what r, a reader of the content of entry i, returns.
func (a *Archive) newSignedReader(r ContentReader, i int, size int64) (*signedReader, error) {
	s := &signedReader{a: a, r: r, size: size, k: -1}
	var err error
	if s.sums, err = a.index.MiBSums(i); err == nil {
		s.only, err = a.index.SHA256(i)
	}
	if want := (size + unit - 1) / unit; err == nil && size > unit && int64(s.sums.Len) != want {
		err = fmt.Errorf("%w: there are %d checksums for %d bytes", signature.ErrIndex, s.sums.Len, size)
	}
	return s, err
}

// fill makes buf the unit that has the byte at pos.
func (s *signedReader) fill() error {
	k := s.pos / unit
	if k == s.k {
		return nil
	}
	s.k = -1
	n, want := min(unit, s.size-k*unit), s.only
	if s.size > unit {
		var err error
		if want, err = s.sums.Sum(int(k)); err != nil {
			return err
		}
	}
	if s.at != k*unit {
		if _, err := s.r.Seek(k*unit, io.SeekStart); err != nil {
			return err
		}
	}
	s.at = -1
	s.buf = slices.Grow(s.buf[:0], int(n))[:n]
	if _, err := io.ReadFull(s.r, s.buf); err != nil {
		return s.a.ContentError(err)
	}
	if sha256.Sum256(s.buf) != want {
		return fmt.Errorf("%w: bytes %d to %d do not have the SHA-256 %x", signature.ErrContent,
			k*unit, k*unit+n, want)
	}
	s.k, s.at = k, k*unit+n
	return nil
}

// Read implements io.Reader.
func (s *signedReader) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case s.pos >= s.size:
		return 0, io.EOF
	}
	if err := s.fill(); err != nil {
		return 0, err
	}
	n := copy(p, s.buf[s.pos%unit:])
	s.pos += int64(n)
	return n, nil
}

// WriteTo implements io.WriterTo.
func (s *signedReader) WriteTo(w io.Writer) (total int64, err error) {
	for s.pos < s.size {
		if err := s.fill(); err != nil {
			return total, err
		}
		n, err := w.Write(s.buf[s.pos%unit:])
		s.pos += int64(n)
		if total += int64(n); err != nil {
			return total, err
		}
	}
	return total, nil
}

// Seek implements io.Seeker.
func (s *signedReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.pos
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, errors.New("invalid offset")
	}
	s.pos = offset
	return offset, nil
}

// Close releases the buffers.
func (s *signedReader) Close() error {
	s.buf, s.k = nil, -1
	return s.r.Close()
}
