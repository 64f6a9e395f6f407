package build

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Item is an entry to be indexed.
type Item struct {
	sidecar.Entry
	Path string
	Link string // symbolic link: its text; hard link: the path of its target

	// TargetLen is the length of the C of a hard link's target. Only Digest needs it.
	TargetLen int64

	// Segmented file: the base-2 logarithm of the bytes of content in a segment, and the length in
	// bytes of each segment in the deflate stream.
	Shift    uint8
	Segments []uint32

	// ContentSums are those of a file. A Builder without sums ignores them.
	ContentSums
}

// check returns what is wrong with an item whose path is valid.
func (it *Item) check() error {
	if err := it.Entry.Check(); err != nil {
		return err
	}
	if it.Coding != coding.Segmented && (it.Shift != 0 || len(it.Segments) != 0) {
		return fmt.Errorf("segments in an entry of coding %v", it.Coding)
	}
	switch it.Type {
	case sidecar.TypeHardlink:
		if it.Link == it.Path {
			return errors.New("a hard link to itself")
		}
		return sidecar.ValidPath(it.Link)
	case sidecar.TypeSymlink:
		if strings.IndexByte(it.Link, 0) >= 0 {
			return errors.New("a link target with a NUL byte")
		}
		return nil
	case sidecar.TypeFile:
		if it.Coding == coding.Segmented {
			return it.checkLengths()
		}
	}
	if it.Link != "" {
		return fmt.Errorf("a link target in an entry of type %v", it.Type)
	}
	return nil
}

// checkLengths checks the segments of a segmented file.
func (it *Item) checkLengths() error {
	if err := coding.CheckSegments(it.Size, it.Shift, int64(len(it.Segments))); err != nil {
		return err
	}
	sum := int64(0)
	for i, n := range it.Segments {
		if n == 0 {
			return fmt.Errorf("segment %d of 0 bytes", i)
		}
		sum += int64(n)
	}
	if sum != it.ContentLen-coding.Overhead {
		return fmt.Errorf("segments of %d bytes in a content member of %d", sum, it.ContentLen)
	}
	return nil
}

// putRecord sets a record to the values of an entry, which are within their limits. LinkOffset is
// the offset of a symbolic link's text in its section.
func putRecord(r *layout.Record, e *sidecar.Entry, linkOffset int64) {
	wide, narrow := int64(0), uint32(0)
	switch e.Type {
	case sidecar.TypeFile:
		wide, narrow = e.ContentLen, e.CRC
	case sidecar.TypeDir:
		narrow = e.End
	case sidecar.TypeSymlink:
		wide = linkOffset
	case sidecar.TypeHardlink:
		narrow = e.Target
	case sidecar.TypeChar, sidecar.TypeBlock:
		wide = layout.JoinDevice(e.DevMajor, e.DevMinor)
	}
	r.SetHeader(e.Offset, e.HeaderLen)
	r.SetSize(e.Size, e.PadLen)
	r.SetWide(wide, uint8(e.Sniff))
	r.SetHash(e.Hash)
	r.SetNarrow(narrow)
	r.SetAttributes(e.ModTime, e.Mode, uint8(e.Type), uint8(e.Coding), e.Duplicate)
}

// Offsets in the value of an item in the sorter. Its key is the path in sortable form.
const (
	itemSeq    = 0                              // u64: the number of items added before
	itemRecord = itemSeq + 8                    // record
	itemShift  = itemRecord + layout.RecordSize // u8; with sums, bit 7 is set
	itemMore   = itemShift + 1                  // text or target of a link, or lengths of segments

	itemHasSums = 1 << 7 // in itemShift: the sums of a file come before the rest
)

// itemValue is the value of an item in the sorter.
type itemValue []byte

// encode sets v to the values of an item.
func (it *Item) encode(v itemValue, seq uint64, sums []byte) {
	binary.LittleEndian.PutUint64(v[itemSeq:], seq)
	putRecord(v.record(), &it.Entry, 0)
	v[itemShift] = it.Shift
	if len(sums) > 0 {
		v[itemShift] |= itemHasSums
		copy(v[itemMore:], sums)
	}
	if it.Type == sidecar.TypeHardlink {
		sortable(v.more(), it.Link)
		return
	}
	lengths := v.more()[copy(v.more(), it.Link):]
	for i, n := range it.Segments {
		binary.LittleEndian.PutUint32(lengths[4*i:], n)
	}
}

func (v itemValue) seq() uint64            { return binary.LittleEndian.Uint64(v[itemSeq:]) }
func (v itemValue) record() *layout.Record { return layout.AsRecord(v[itemRecord:]) }
func (v itemValue) shift() uint8           { return v[itemShift] &^ itemHasSums }

// more returns what comes after the sums.
func (v itemValue) more() []byte {
	if v[itemShift]&itemHasSums != 0 {
		return v[itemMore+itemSumsSize:]
	}
	return v[itemMore:]
}

// sums returns the sums of a file that is not empty, for a Builder with sums.
func (v itemValue) sums() itemSums { return itemSums(v[itemMore:][:itemSumsSize]) }

// typ returns the type of the entry.
func (v itemValue) typ() sidecar.Type { return sidecar.Type(v.record().Type()) }
