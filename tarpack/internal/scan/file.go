package scan

import (
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
)

// boundedDigest is a ContentDigest that refuses more than limit bytes, so that a bomb is not
// inflated to its end.
type boundedDigest struct {
	format.ContentDigest
	limit int64
	sums  *build.Sums // nil: none are needed
}

// reset begins a content of at most limit bytes.
func (d *boundedDigest) reset(limit int64) {
	d.Reset()
	if d.limit = limit; d.sums != nil {
		d.sums.Reset()
	}
}

// Write fails with ErrCorrupt, and adds nothing, if the content would get longer than limit.
func (d *boundedDigest) Write(b []byte) (int, error) {
	if int64(len(b)) > d.limit-d.Size() {
		return 0, fmt.Errorf("%w: its content is longer than its header says, %d",
			format.ErrCorrupt, d.limit)
	}
	if d.sums != nil {
		_, _ = d.sums.Write(b) // never fails
	}
	return d.ContentDigest.Write(b)
}

// record sets what the index has of the content.
func (d *boundedDigest) record(it *build.Item) error {
	d.Record(&it.Entry)
	if d.sums == nil {
		return nil
	}
	return d.sums.Record(&it.ContentSums)
}

// readFile reads the C and P of a file, whose H was read, and completes its item.
func (u *unitReader) readFile(un *Unit, it *build.Item) error {
	if it.Size == 0 {
		it.Hash = sidecar.EmptyHash
		return nil
	}
	if it.Size > 1<<coding.MinShift && u.readSegmented(un, it) {
		return nil
	}
	if err := u.readContent(un, it); err != nil {
		return err
	}
	h, err := u.member()
	segmented := err == nil && h.Extra != nil && h.Extra[0] == gzmember.KindSegments
	if format.Padding(it.Size) == 0 && !segmented {
		u.ahead, u.head, u.headErr = true, h, err
		return nil
	}
	if err != nil {
		return err
	}
	if err := u.readPadding(un, it, h); err != nil {
		return err
	}
	if segmented {
		return u.checkSegments(it)
	}
	return nil
}

// readContent reads C.
func (u *unitReader) readContent(un *Unit, it *build.Item) error {
	h, err := u.member()
	if err != nil {
		return err
	}
	if h.Extra != nil {
		return fmt.Errorf("%w: another member stands where its content should", format.ErrCorrupt)
	}
	d := &u.digest
	d.reset(it.Size)
	if _, err := u.scan.WriteTo(d); err != nil {
		return err
	}
	if d.Size() != it.Size {
		return fmt.Errorf("%w: its content has the length %d, its header says %d",
			format.ErrCorrupt, d.Size(), it.Size)
	}
	it.ContentLen, it.CRC = u.scan.Length(), u.scan.CRC()
	if err := d.record(it); err != nil {
		return err
	}
	it.Coding = coding.Deflate
	if u.scan.Stored() {
		it.Coding = coding.Stored
	}
	un.End += it.ContentLen
	return nil
}

// readPadding reads P, whose header h was read. All bytes of P are determined by the size and the
// table.
func (u *unitReader) readPadding(un *Unit, it *build.Item, h gzmember.Header) error {
	var extra []byte
	if h.Extra != nil {
		if it.Coding == coding.Stored {
			return fmt.Errorf("%w: stored content with a segment table", format.ErrCorrupt)
		}
		table, err := gzmember.ParseSegments(h.Extra)
		if err != nil {
			return err
		}
		it.Coding, it.Shift, it.Segments = coding.Segmented, table.Shift, table.Lengths
		extra = table.AppendExtra(nil)
	}
	u.raw = gzmember.AppendZeros(u.raw[:0], format.Padding(it.Size), extra)
	want := string(u.raw)
	off := u.offset()
	if n, err := u.src.ReadAt(u.raw, off); n < len(u.raw) && err != io.EOF {
		return err
	}
	if string(u.raw) != want {
		return fmt.Errorf("%w: its padding member is not as it must be", format.ErrCorrupt)
	}
	it.PadLen = int32(len(u.raw))
	un.End += int64(it.PadLen)
	// Read to its end, so that the scanner finds the next member.
	d := &u.digest
	d.reset(format.BlockSize)
	_, err := u.scan.WriteTo(d)
	return err
}
