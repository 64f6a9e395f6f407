package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// Unit is a part of an archive that stands on its own. It is a file with H, C and P, a group G, the
// trailer T, a former trailer F, or another member that inflates to nothing. Its own bytes
// determine what it is.
type Unit struct {
	Off, End int64           // offsets in the archive
	Items    []build.Item    // of a file one, of a group all its entries, else none
	Trailer  *format.Trailer // if it is T
	Former   *format.Trailer // if it is F: the T that it was
	Index    bool            // if it is a member of an index, of this state or a former one
	// CutTrailer means that it is T without its last bytes, so Err is set.
	CutTrailer bool
	// Err is what is wrong with the unit. Its end is then not known, and End is where the next one
	// was found. Path is the entry's, if that is known.
	Err  error
	Path string
}

// unitReader reads units and checks each with FORMAT.md. Its memory is bounded, whatever the
// archive holds.
type unitReader struct {
	src  io.ReaderAt
	size int64 // of the archive
	base int64 // offset at which the scanner began
	// draft is true if the archive is of a draft of the format.
	draft bool
	scan  *gzmember.Scanner
	// ahead is true if the scanner has read the header of a member of the next unit: head, or
	// headErr.
	ahead   bool
	head    gzmember.Header
	headErr error
	blocks  []byte        // scratch: header blocks
	raw     []byte        // scratch: a P
	digest  boundedDigest // of the current content
}

// newUnitReader returns a reader of the units from off on, of an archive of size bytes.
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

// member returns the header of the next member. At the end of the archive the error is io.EOF.
func (u *unitReader) member() (gzmember.Header, error) {
	if u.ahead {
		u.ahead = false
		return u.head, u.headErr
	}
	return u.scan.Next()
}

// offset returns the offset of the current member in the archive.
func (u *unitReader) offset() int64 { return u.base + u.scan.Offset() }

// next reads a unit. After an error, and at the end of the archive, seek must come before the next
// call.
func (u *unitReader) next() Unit {
	h, err := u.member()
	un := Unit{Off: u.offset()}
	if err == nil {
		err = u.read(h, &un)
	}
	if err != nil {
		un.Err = u.explain(err)
	}
	return un
}

// explain adds to an error of the scanner the offset in the archive and the format error that it
// is.
func (u *unitReader) explain(err error) error {
	kind := format.ErrCorrupt
	switch {
	case err == io.EOF:
		return fmt.Errorf("%w: it ends without a trailer", format.ErrTruncated)
	case errors.Is(err, gzmember.ErrTruncated):
		kind = format.ErrTruncated
	case !errors.Is(err, gzmember.ErrCorrupt):
		return err
	}
	inner := errors.Unwrap(err)
	if errors.Is(inner, gzmember.ErrCorrupt) || errors.Is(inner, gzmember.ErrTruncated) {
		err = fmt.Errorf("member at offset %d: %w", u.offset(), inner)
	}
	return fmt.Errorf("%w: %w", kind, err)
}

// read reads the unit whose first member has the header h.
func (u *unitReader) read(h gzmember.Header, un *Unit) error {
	kind := byte(gzmember.KindGroup)
	if h.Extra != nil {
		kind = h.Extra[0]
	}
	extra := bytes.Clone(h.Extra) // the scanner may reuse it
	switch kind {
	case gzmember.KindTrailer:
		return u.readTrailer(un)
	}
	if err := u.readBlocks(); err != nil {
		return err
	}
	headerLen := u.scan.Length()
	switch {
	case headerLen > format.MaxMember:
		return fmt.Errorf("%w: a header member of %d bytes, at most %d are allowed",
			format.ErrCorrupt, headerLen, format.MaxMember)
	case len(u.blocks) == 0: // of an addition to the format
		un.End, un.Index = un.Off+headerLen, kind == gzmember.KindIndex
		return nil
	case kind != gzmember.KindGroup:
		return fmt.Errorf("%w: a member of kind %q stands where a header should",
			format.ErrCorrupt, kind)
	}
	parse := format.ParseHeader
	if u.draft {
		parse = format.ParseDraftHeader
	}
	hd, n, err := parse(u.blocks)
	if err != nil {
		return err
	}
	un.End = un.Off + headerLen
	if hd.Type != sidecar.TypeFile {
		return u.readGroup(un, extra)
	}
	un.Path = hd.Path
	if n != len(u.blocks) || extra != nil {
		return fmt.Errorf("%w: the header of a file does not stand alone", format.ErrCorrupt)
	}
	it := NewItem(&hd, un.Off, headerLen)
	if err := u.readFile(un, &it); err != nil {
		return err
	}
	un.Items = []build.Item{it}
	return nil
}

// readBlocks reads the content of a header member to u.blocks.
func (u *unitReader) readBlocks() error {
	if u.blocks == nil {
		u.blocks = make([]byte, 0, format.MaxHeader+1)
	}
	b := u.blocks[:cap(u.blocks)]
	n, err := io.ReadFull(u.scan, b)
	if err == nil {
		return fmt.Errorf("%w: header blocks of more than %d bytes",
			format.ErrCorrupt, format.MaxHeader)
	}
	u.blocks = b[:n]
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	return nil
}

// NewItem returns the index entry for a header in a member of headerLen bytes at offset off.
func NewItem(h *format.Header, off, headerLen int64) build.Item {
	it := build.Item{Path: h.Path, Link: h.Link}
	it.Offset, it.HeaderLen = off, int32(headerLen)
	it.Type, it.Mode, it.ModTime, it.Size = h.Type, h.Mode, h.ModTime, h.Size
	it.DevMajor, it.DevMinor = h.DevMajor, h.DevMinor
	return it
}

// readGroup makes the items of the headers in u.blocks. Extra is the payload of the TP subfield,
// nil without one.
func (u *unitReader) readGroup(un *Unit, extra []byte) error {
	headerLen := un.End - un.Off
	for h, err := range (format.Group{Blocks: u.blocks, Extra: extra, Draft: u.draft}).Headers() {
		if err != nil {
			return err
		}
		if h.Type == sidecar.TypeFile {
			un.Path = h.Path
			return fmt.Errorf("%w: the header of a file stands in a group", format.ErrCorrupt)
		}
		it := NewItem(&h.Header, un.Off, headerLen)
		it.Duplicate = h.Duplicate
		un.Items = append(un.Items, it)
	}
	// Only the bits that are written for these duplicates are allowed.
	want := format.DuplicateBits(len(un.Items), func(i int) bool { return un.Items[i].Duplicate })
	bits := extra[min(1, len(extra)):]
	if !bytes.Equal(want[min(1, len(want)):], bits) {
		return fmt.Errorf("%w: a group's field of duplicates has %d bytes %x for %d entries",
			format.ErrCorrupt, len(bits), bits, len(un.Items))
	}
	for i := range un.Items {
		if it := &un.Items[i]; it.Duplicate && it.Type != sidecar.TypeHardlink {
			un.Path = it.Path
			return fmt.Errorf("%w: a %v is said to be a duplicate", format.ErrCorrupt, it.Type)
		}
	}
	return nil
}

// readTrailer reads T or F, whose header was read.
func (u *unitReader) readTrailer(un *Unit) error {
	var b [format.EndSize]byte
	_, err := u.src.ReadAt(b[:min(format.EndSize, u.size-un.Off)], un.Off)
	if err != nil && err != io.EOF {
		return err
	}
	if un.End = un.Off + format.EndSize; un.End > u.size { // what is missing may be zeros
		un.End, un.CutTrailer = u.size, true
		return fmt.Errorf("%w: its trailer is cut off", format.ErrTruncated)
	}
	t, state := format.ParseTrailerState(b[:])
	if state != format.NoTrailer && un.End != u.size && t.Offset == un.Off {
		if state != format.FormerTrailer {
			return format.NewUnfinished(u.src, t, u.size-un.End)
		}
		un.Former = &t
		// Read to its end, so that the scanner finds the next member.
		u.digest.reset(0)
		_, err := u.scan.WriteTo(&u.digest)
		return err
	}
	if state != format.WholeTrailer {
		if _, err := format.ParseTrailer(b[:]); errors.Is(err, format.ErrVersion) {
			return err
		}
		return fmt.Errorf("%w: the trailer is damaged", format.ErrCorrupt)
	}
	if un.End != u.size {
		return fmt.Errorf("%w: the file goes on behind the trailer, up to offset %d",
			format.ErrCorrupt, u.size)
	}
	if t.Offset != un.Off {
		return fmt.Errorf("%w: the trailer was written for offset %d", format.ErrCorrupt, t.Offset)
	}
	un.Trailer = &t
	return nil
}
