package tarpack

import (
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A unit is what stands on its own in an archive: a file with H, C and P, a group G, the trailer T, or a former trailer F. What a unit is follows
// from its own bytes alone.
type unit struct {
	off, end int64
	items    []build.Item // of a file one, of a group all, of a trailer none
	trailer  *Trailer
	former   *Trailer // it is F, which was the trailer once
	// err says what is wrong with the unit, whose end is then not known, and path whose unit it is if that is known.
	err  error
	path string
}

// A unitReader reads unit after unit and holds each against FORMAT.md. Its memory is bounded whatever the archive holds.
type unitReader struct {
	src  io.ReaderAt
	size int64 // of the archive
	base int64 // where the scanner began
	scan *gzmember.Scanner
	// ahead: the scanner is at the beginning of a member that belongs to the next unit, of which Next gave head and headErr.
	ahead   bool
	head    gzmember.Header
	headErr error
	blocks  []byte        // scratch
	raw     []byte        // scratch
	digest  contentDigest // of the file at hand
}

func newUnitReader(src io.ReaderAt, size, off int64) *unitReader {
	u := &unitReader{src: src, size: size}
	u.seek(off)
	return u
}

// seek makes off the beginning of the next unit.
func (u *unitReader) seek(off int64) {
	u.base, u.ahead = off, false
	u.scan = gzmember.NewScanner(io.NewSectionReader(u.src, off, u.size-off))
}

// member goes to the next member. Its error is io.EOF at the end of the archive.
func (u *unitReader) member() (gzmember.Header, error) {
	if u.ahead {
		u.ahead = false
		return u.head, u.headErr
	}
	return u.scan.Next()
}

// offset of the current member in the archive.
func (u *unitReader) offset() int64 { return u.base + u.scan.Offset() }

// next reads a unit. At the end of the archive, and after an error, another one can be read only after seek.
func (u *unitReader) next() unit {
	h, err := u.member()
	un := unit{off: u.offset()}
	if err == nil {
		err = u.read(h, &un)
	}
	if err != nil {
		un.err = u.explain(err)
	}
	return un
}

// explain gives an error of the scanner the offset in the archive, which the scanner does not know, and one of our sentinels.
func (u *unitReader) explain(err error) error {
	kind := ErrCorrupt
	switch {
	case err == io.EOF:
		return fmt.Errorf("%w: it ends without a trailer", ErrTruncated)
	case errors.Is(err, gzmember.ErrTruncated):
		kind = ErrTruncated
	case !errors.Is(err, gzmember.ErrCorrupt):
		return err
	}
	if inner := errors.Unwrap(err); errors.Is(inner, gzmember.ErrCorrupt) || errors.Is(inner, gzmember.ErrTruncated) {
		err = fmt.Errorf("member at offset %d: %w", u.offset(), inner)
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// read reads the unit whose first member has the header h.
func (u *unitReader) read(h gzmember.Header, un *unit) error {
	kind := byte(gzmember.KindGroup)
	var bits []byte
	if h.Extra != nil {
		kind, bits = h.Extra[0], append([]byte(nil), h.Extra[1:]...)
	}
	switch kind {
	case gzmember.KindTrailer:
		return u.readTrailer(un)
	case gzmember.KindGroup:
	default:
		return fmt.Errorf("%w: a segment table stands where a header should", ErrCorrupt)
	}
	if err := u.readBlocks(); err != nil {
		return err
	}
	headerLen := u.scan.Length()
	if headerLen > maxMember {
		return fmt.Errorf("%w: a header member of %d bytes, at most %d are allowed", ErrCorrupt, headerLen, maxMember)
	}
	hd, n, err := ParseHeader(u.blocks)
	if err != nil {
		return err
	}
	un.end = un.off + headerLen
	if hd.Type != sidecar.TypeFile {
		return u.readGroup(un, bits)
	}
	un.path = hd.Path
	if n != len(u.blocks) || h.Extra != nil {
		return fmt.Errorf("%w: the header of a file does not stand alone", ErrCorrupt)
	}
	it := newItem(&hd, un.off, headerLen)
	if err := u.readFile(un, &it); err != nil {
		return err
	}
	un.items = []build.Item{it}
	return nil
}

// readBlocks reads the content of a header member to blocks.
func (u *unitReader) readBlocks() error {
	if u.blocks == nil {
		u.blocks = make([]byte, 0, MaxHeader+1)
	}
	b := u.blocks[:cap(u.blocks)]
	n, err := io.ReadFull(u.scan, b)
	if err == nil {
		return fmt.Errorf("%w: header blocks of more than %d bytes", ErrCorrupt, MaxHeader)
	}
	u.blocks = b[:n]
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%w: an empty header member", ErrCorrupt)
	}
	return nil
}

// newItem makes an index entry of a header.
func newItem(h *Header, off, headerLen int64) build.Item {
	it := build.Item{Path: h.Path, Link: h.Link}
	it.Offset, it.HeaderLen = off, int32(headerLen)
	it.Type, it.Mode, it.ModTime, it.Size = h.Type, h.Mode, h.ModTime, h.Size
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	return it
}

// readGroup takes the headers in blocks. Bits is what the extra field says of them, nil without one.
func (u *unitReader) readGroup(un *unit, bits []byte) error {
	headerLen := un.end - un.off
	for rest := u.blocks; len(rest) > 0; {
		h, n, err := ParseHeader(rest)
		if err != nil {
			return err
		}
		if h.Type == sidecar.TypeFile {
			un.path = h.Path
			return fmt.Errorf("%w: the header of a file stands in a group", ErrCorrupt)
		}
		rest = rest[n:]
		it := newItem(&h, un.off, headerLen)
		if i := len(un.items); i/8 < len(bits) && bits[i/8]>>(i%8)&1 != 0 {
			it.Duplicate = true
		}
		un.items = append(un.items, it)
	}
	// Made again from what it was read to say, the extra field must be the same.
	want := duplicateBits(un.items)
	if len(want) > 0 {
		want = want[1:]
	}
	if string(want) != string(bits) {
		return fmt.Errorf("%w: a group's field of duplicates has %d bytes %x for %d entries", ErrCorrupt, len(bits), bits, len(un.items))
	}
	for i := range un.items {
		if it := &un.items[i]; it.Duplicate && it.Type != sidecar.TypeHardlink {
			un.path = it.Path
			return fmt.Errorf("%w: a %v is said to be a duplicate", ErrCorrupt, it.Type)
		}
	}
	return nil
}

// readTrailer takes T or F, of which the scanner has read the header.
func (u *unitReader) readTrailer(un *unit) error {
	var b [TrailerSize]byte
	if _, err := u.src.ReadAt(b[:min(TrailerSize, u.size-un.off)], un.off); err != nil && err != io.EOF {
		return err
	}
	un.end = un.off + TrailerSize
	if t, state := parseFormer(b[:]); state != noTrailer && un.end != u.size && t.Offset == un.off {
		if state != formerTrailer {
			return &unfinishedError{t, u.size - un.end}
		}
		un.former = &t
		// To its end, so that the scanner knows where the next member begins.
		u.digest.reset(0)
		_, err := u.scan.WriteTo(&u.digest)
		return err
	}
	t, err := ParseTrailer(b[:])
	if err != nil {
		if errors.Is(err, ErrNotArchive) {
			err = fmt.Errorf("%w: the trailer is damaged", ErrCorrupt)
		}
		return err
	}
	if un.end != u.size {
		return fmt.Errorf("%w: %d bytes follow the trailer", ErrCorrupt, u.size-un.end)
	}
	if t.Offset != un.off {
		return fmt.Errorf("%w: the trailer was written for offset %d", ErrCorrupt, t.Offset)
	}
	un.trailer = &t
	return nil
}
