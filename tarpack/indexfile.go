package tarpack

import (
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A contentDigest computes what the index wants to know of a content that is written to it, and refuses more than limit bytes.
type contentDigest struct {
	hash  xxhash.Digest
	head  []byte // the first bytes, for sniffing
	size  int64
	limit int64
}

func (d *contentDigest) reset(limit int64) {
	d.hash.Reset()
	d.head, d.size, d.limit = d.head[:0], 0, limit
}

// Write fails when the content is longer than it should be: a bomb must not be inflated to its end.
func (d *contentDigest) Write(b []byte) (int, error) {
	if int64(len(b)) > d.limit-d.size {
		return 0, fmt.Errorf("%w: its content is longer than the %d bytes of its header", ErrCorrupt, d.limit)
	}
	d.size += int64(len(b))
	d.hash.Write(b)
	if room := sidecar.SniffLen - len(d.head); room > 0 {
		d.head = append(d.head, b[:min(len(b), room)]...)
	}
	return len(b), nil
}

// readFile reads C and P of a file whose H was read, and completes its index entry.
func (u *unitReader) readFile(un *unit, it *build.Item) error {
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
	if padding(it.Size) == 0 && !segmented {
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
func (u *unitReader) readContent(un *unit, it *build.Item) error {
	h, err := u.member()
	if err != nil {
		return err
	}
	if h.Extra != nil {
		return fmt.Errorf("%w: another member stands where its content should", ErrCorrupt)
	}
	d := &u.digest
	d.reset(it.Size)
	if _, err := u.scan.WriteTo(d); err != nil {
		return err
	}
	if d.size != it.Size {
		return fmt.Errorf("%w: its content has %d of the %d bytes of its header", ErrCorrupt, d.size, it.Size)
	}
	it.ContentLen, it.CRC = u.scan.Length(), u.scan.CRC()
	it.Hash, it.Sniff = d.hash.Sum64(), sidecar.SniffContent(d.head)
	it.Coding = coding.Deflate
	if u.scan.Stored() {
		it.Coding = coding.Stored
	}
	un.end += it.ContentLen
	return nil
}

// readPadding reads P, of which the scanner has read the header h. Its bytes are fixed.
func (u *unitReader) readPadding(un *unit, it *build.Item, h gzmember.Header) error {
	var extra []byte
	if h.Extra != nil {
		if it.Coding == coding.Stored {
			return fmt.Errorf("%w: stored content with a segment table", ErrCorrupt)
		}
		table, err := gzmember.ParseSegments(h.Extra)
		if err != nil {
			return err
		}
		it.Coding, it.Shift, it.Segments = coding.Segmented, table.Shift, table.Lengths
		extra = table.AppendExtra(nil)
	}
	u.raw = gzmember.AppendZeros(u.raw[:0], padding(it.Size), extra)
	want := string(u.raw)
	off := u.offset()
	if n, err := u.src.ReadAt(u.raw, off); n < len(u.raw) && err != io.EOF {
		return err
	}
	if string(u.raw) != want {
		return fmt.Errorf("%w: its padding member is not as it must be", ErrCorrupt)
	}
	it.PadLen = int32(len(u.raw))
	un.end += int64(it.PadLen)
	// To its end, so that the scanner knows where the next member begins.
	d := &u.digest
	d.reset(blockSize)
	_, err := u.scan.WriteTo(d)
	return err
}
