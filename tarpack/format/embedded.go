package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
)

// An archive can have its index in itself (FORMAT.md 1.6), in members that inflate to nothing:
//
//	│ members │ F │ I … I │ T │
//
// F is the T of the archive without index, which grew by it.

// Offsets in the payload of an index member: of its fields, after the kind and five zero bytes, and
// of the bytes of the sidecar.
const (
	atPartNumber = 6
	atPartBytes  = 38
)

// indexMember is what an index member states before the bytes of the sidecar, a u64 each.
type indexMember struct {
	number, count uint64 // of the member, from 0, and of all members
	size, digest  uint64 // of the sidecar
}

// partStart is how every index member begins, with all fields zero.
var partStart = [sidecar.PartHead]byte(gzmember.AppendMemberHeader(nil,
	append([]byte{gzmember.KindIndex}, make([]byte, atPartBytes-1+sidecar.PartPayload)...)))

// partKind is the length of what all index members begin with: up to the first field.
const partKind = sidecar.PartHead - atPartBytes + atPartNumber

// fields are the fields of a member, in the order of the struct.
func (m *indexMember) fields() [4]*uint64 {
	return [...]*uint64{&m.number, &m.count, &m.size, &m.digest}
}

// appendHead appends the beginning of the member, up to the bytes of the sidecar.
func (m *indexMember) appendHead(b []byte) []byte {
	b = append(b, partStart[:partKind]...)
	for _, f := range m.fields() {
		b = binary.LittleEndian.AppendUint64(b, *f)
	}
	return b
}

// parse reads the beginning of a member. It returns false if b is not that of an index member.
func (m *indexMember) parse(b *[sidecar.PartHead]byte) bool {
	for i, f := range m.fields() {
		*f = binary.LittleEndian.Uint64(b[partKind+8*i:])
	}
	return beginsIndex(b[:])
}

// beginsIndex reports whether b begins like an index in an archive.
func beginsIndex(b []byte) bool {
	return len(b) >= partKind && string(b[:partKind]) == string(partStart[:partKind])
}

// isIndex reports whether what follows the archive, which begins with head, is the index of that
// archive, as much of it as was written, and nothing else.
func (e *UnfinishedError) isIndex(head []byte) bool {
	var m indexMember
	if len(head) < sidecar.PartHead {
		return true
	}
	m.parse((*[sidecar.PartHead]byte)(head))
	x := sidecar.Embedded{Base: e.end(), Size: int64(m.size)}
	most := uint64(coding.MaxSize) / sidecar.PartSize
	if m.number != 0 || m.count > most || m.size > most*sidecar.PartPayload ||
		x.Members() != int64(m.count) || e.Rest > x.Length()+EndSize {
		return false
	}
	if head = head[sidecar.PartHead:]; len(head) < sidecar.HeaderSize {
		return true
	}
	header := [sidecar.HeaderSize]byte(head)
	return sidecar.SetArchiveSize(&header, x.End()+EndSize) == m.digest &&
		sidecar.SetArchiveSize(&header, e.end()) == e.Trailer.Digest
}

// FindEmbedded returns the place of the index in the archive r that ends with t. It reads the
// beginning of the last member before T, and the former trailer before the index. The error wraps
// ErrNoSidecar if that member is not of an index, and ErrEmbedded if it is of another index than
// that of this archive. It is an UnfinishedError if a trailer stands before the index that is not a
// former one: then t ends a growth that was not committed, and not the archive.
func FindEmbedded(r io.ReaderAt, t Trailer) (e sidecar.Embedded, err error) {
	var b [sidecar.PartHead]byte
	at := t.Offset - sidecar.PartSize
	if at < 0 {
		return e, ErrNoSidecar
	}
	if _, err := r.ReadAt(b[:], at); err != nil && !errors.Is(err, io.EOF) {
		return e, err
	}
	var m indexMember
	if !m.parse(&b) {
		return e, ErrNoSidecar
	}
	if m.digest != t.Digest {
		return e, NewEmbeddedError(fmt.Errorf("it has the digest %016x, the archive names %016x",
			m.digest, t.Digest))
	}
	most := uint64(t.Offset) / sidecar.PartSize
	e.Size = int64(m.size)
	if m.count > most || m.size > most*sidecar.PartPayload || m.size < sidecar.HeaderSize ||
		m.number+1 != m.count || e.Members() != int64(m.count) {
		return e, NewEmbeddedError(fmt.Errorf("it ends with member %d of %d, and has %d bytes", m.number,
			m.count, m.size))
	}
	e.Base = t.Offset - e.Length()
	if err := checkBefore(r, e, t); err != nil {
		return sidecar.Embedded{}, err
	}
	return e, nil
}

// checkBefore checks that a former trailer stands before the index at e in the archive that ends
// with t. Without it nothing shows that the index and t were committed (FORMAT.md 1.6).
func checkBefore(r io.ReaderAt, e sidecar.Embedded, t Trailer) error {
	before, state := t, NoTrailer
	if before.Offset = e.Base - EndSize; before.Offset >= 0 {
		var b [EndSize]byte
		if _, err := r.ReadAt(b[:], before.Offset); err != nil {
			return err
		}
		var found Trailer
		found, state = ParseTrailerState(b[:])
		if before.Digest = found.Digest; found != before {
			state = NoTrailer
		}
	}
	switch state {
	case FormerTrailer:
		return nil
	case WholeTrailer, TornTrailer:
		return NewUnfinished(r, before, t.Offset-before.Offset)
	}
	return NewEmbeddedError(errors.New("no former trailer stands before it"))
}

// embeddedError is an ErrEmbedded with its reason.
type embeddedError struct{ err error }

// NewEmbeddedError returns the ErrEmbedded with the reason err.
func NewEmbeddedError(err error) error { return &embeddedError{err} }

func (e *embeddedError) Error() string { return fmt.Sprintf("%v: %v", ErrEmbedded, e.err) }

func (e *embeddedError) Unwrap() []error { return []error{ErrEmbedded, ErrStale, e.err} }

// EmbeddedIndex writes the members of an embedded index.
type EmbeddedIndex struct {
	Sidecar io.ReaderAt
	Size    int64           // of the sidecar, in bytes
	Context context.Context // ends WriteTo; nil: nothing does

	old    Trailer // of the archive without the index
	header [sidecar.HeaderSize]byte
	digest uint64
}

// NewEmbeddedIndex returns the index of the archive that ends with t, from its sidecar of size
// bytes. The archive with the index is another one, with another size, so the header of its sidecar
// is too.
func NewEmbeddedIndex(side io.ReaderAt, size int64, t Trailer) (*EmbeddedIndex, error) {
	x := &EmbeddedIndex{Sidecar: side, Size: size, old: t}
	if _, err := side.ReadAt(x.header[:], 0); err != nil {
		return nil, err
	}
	if x.Trailer().Offset > coding.MaxSize-EndSize {
		return nil, fmt.Errorf("the archive with its index in it would have more than %d bytes",
			int64(coding.MaxSize))
	}
	x.digest = sidecar.SetArchiveSize(&x.header, x.Trailer().Offset+EndSize)
	return x, nil
}

// Place returns where the index is in its archive.
func (x *EmbeddedIndex) Place() sidecar.Embedded {
	return sidecar.Embedded{Base: x.old.Offset + EndSize, Size: x.Size}
}

// Trailer returns the T of the archive with the index.
func (x *EmbeddedIndex) Trailer() Trailer {
	t := x.old
	t.Offset, t.Digest = x.Place().End(), x.digest
	return t
}

// WriteTo writes the members and T.
func (x *EmbeddedIndex) WriteTo(w io.Writer) (n int64, err error) {
	const batch = 64
	b := make([]byte, 0, batch*sidecar.PartSize)
	for k, count := int64(0), x.Place().Members(); k < count; k++ {
		if x.Context != nil && x.Context.Err() != nil {
			return n, context.Cause(x.Context)
		}
		if b, err = x.appendPart(b, k); err != nil {
			return n, err
		}
		if len(b) == cap(b) || k == count-1 {
			if k == count-1 {
				b = x.Trailer().Append(b)
			}
			m, err := w.Write(b)
			if n += int64(m); err != nil {
				return n, err
			}
			b = b[:0]
		}
	}
	return n, nil
}

// appendPart appends member k.
func (x *EmbeddedIndex) appendPart(b []byte, k int64) ([]byte, error) {
	m := indexMember{
		number: uint64(k), count: uint64(x.Place().Members()), size: uint64(x.Size), digest: x.digest,
	}
	b = m.appendHead(b)
	start := len(b)
	b = append(b, make([]byte, sidecar.PartPayload)...)
	payload := b[start:]
	from := k * sidecar.PartPayload
	if n := min(sidecar.PartPayload, x.Size-from); n > 0 {
		if _, err := x.Sidecar.ReadAt(payload[:n], from); err != nil && !errors.Is(err, io.EOF) {
			return b, err
		}
	}
	if k == 0 {
		copy(payload, x.header[:])
	}
	if m.number == m.count-1 {
		copy(payload[len(payload)-len(x.header):], x.header[:])
	}
	empty := gzmember.AppendZeros(nil, 0, nil)
	return append(b, empty[gzmember.HeaderSize:]...), nil
}

// CompareEmbedded compares an archive that has an index in itself at e with what must be there: a
// former trailer, the members that side gives, which is the archive's true sidecar of size bytes,
// and t. It returns the offset of the first byte that differs, or -1. The error is that of reading.
func CompareEmbedded(
	r io.ReaderAt, e sidecar.Embedded, side io.ReaderAt, size int64, t Trailer,
) (int64, error) {
	before := t
	before.Offset = e.Base - EndSize
	if before.Offset < 0 || e.Size != size {
		return e.Base, nil
	}
	x, err := NewEmbeddedIndex(side, e.Size, before)
	if err != nil {
		return -1, err
	}
	before.Digest = x.digestBefore()
	c := &comparer{r: r, off: before.Offset}
	former := append(before.Append(nil)[:TrailerHead], FormerTail...)
	if _, err = c.Write(former); err == nil {
		_, err = x.WriteTo(c)
	}
	if errors.Is(err, errDiffers) {
		return c.off, nil
	}
	return -1, err
}

// digestBefore returns the digest of the sidecar of the archive without the index.
func (x *EmbeddedIndex) digestBefore() uint64 {
	header := x.header
	return sidecar.SetArchiveSize(&header, x.old.Offset+EndSize)
}

var errDiffers = errors.New("it differs")

// comparer is written what r must have from off on.
type comparer struct {
	r   io.ReaderAt
	off int64
	buf []byte
}

// Write returns errDiffers if r has other bytes. Then off is that of the first of them.
func (c *comparer) Write(want []byte) (int, error) {
	if len(c.buf) < len(want) {
		c.buf = make([]byte, len(want))
	}
	got := c.buf[:len(want)]
	n, err := c.r.ReadAt(got, c.off)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	i := 0
	for i < n && got[i] == want[i] {
		i++
	}
	c.off += int64(i)
	if i < len(want) {
		return i, errDiffers
	}
	return i, nil
}
