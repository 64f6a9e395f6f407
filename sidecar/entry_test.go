package sidecar

import (
	"bytes"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// TestEntryDecode sets the fields of records, with the limits of each type, and decodes them.
func TestEntryDecode(t *testing.T) {
	max48 := int64(layout.MaxOffset)
	for _, e := range []Entry{
		{Type: TypeFile, Offset: max48, HeaderLen: layout.MaxMember, ContentLen: max48,
			PadLen: layout.MaxMember, Size: max48, ModTime: layout.MaxTime,
			Mode: 0o7777, Coding: coding.Segmented, Sniff: sniffText | sniffUTF8, Hash: 1<<64 - 1,
			CRC: 1<<32 - 1},
		{Type: TypeFile, ModTime: layout.MinTime},
		{Type: TypeFile, ModTime: -1, Coding: coding.Stored},
		{Type: TypeDir, End: 1<<32 - 1},
		{Type: TypeSymlink, Size: layout.MaxPath, linkOffset: max48},
		{Type: TypeHardlink, Target: 1<<32 - 1, Duplicate: true, Size: max48, Hash: 5, Sniff: sniffPNG},
		{Type: TypeChar, DevMajor: layout.MaxDevice, DevMinor: 1},
		{Type: TypeBlock, DevMajor: 1, DevMinor: layout.MaxDevice},
		{Type: TypeFIFO, Mode: 1},
	} {
		b := bytes.Repeat([]byte{0xaa}, layout.RecordSize)
		r := layout.AsRecord(b)
		r.SetHeader(e.Offset, e.HeaderLen)
		r.SetSize(e.Size, e.PadLen)
		r.SetHash(e.Hash)
		device := layout.JoinDevice(e.DevMajor, e.DevMinor)
		r.SetWide(e.ContentLen|e.linkOffset|device, uint8(e.Sniff)) // a type has one of these
		r.SetNarrow(e.CRC | e.End | e.Target)
		r.SetAttributes(e.ModTime, e.Mode, uint8(e.Type), uint8(e.Coding), e.Duplicate)
		var got Entry
		if !got.decode(b) || got != e {
			t.Errorf("%+v becomes %+v", e, got)
		}
	}
}

// TestEntryZeros sets each bit that a type must not have.
func TestEntryZeros(t *testing.T) {
	// bytes of a record that mean something, beside the header's, time, mode and type
	used := map[Type][]int{
		TypeFile: {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28,
			29, 30, 31, 32, 33, 34, 35},
		TypeDir: {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 32, 33, 34,
			35},
		TypeSymlink:  {8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21},
		TypeHardlink: {8, 9, 10, 11, 12, 13, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35},
		TypeChar:     {8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21},
		TypeBlock:    {8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21},
		TypeFIFO:     {8, 9, 10, 11, 12, 13},
	}
	for typ, bytes := range used {
		free := map[int]bool{}
		for _, i := range bytes {
			free[i] = true
		}
		for i := 8; i < 36; i++ {
			var b [layout.RecordSize]byte
			layout.AsRecord(b[:]).SetAttributes(0, 0, uint8(typ), 0, false)
			b[i] = 0x80
			// Byte 23 has the high bits of the offset, in every type.
			if got := new(Entry).decode(b[:]); got != (free[i] || i == 23) {
				t.Errorf("%v with byte %d set: decode gives %v", typ, i, got)
			}
		}
	}
	for _, kind := range []byte{0, 8, 9, 15, 0x81} {
		var b [layout.RecordSize]byte
		b[43] = kind
		if new(Entry).decode(b[:]) {
			t.Errorf("type byte %#x is taken", kind)
		}
	}
}

func TestStrings(t *testing.T) {
	for typ, want := range map[Type]string{TypeFile: "file", TypeDir: "dir", TypeSymlink: "symlink",
		TypeHardlink: "hardlink",
		TypeChar:     "char", TypeBlock: "block", TypeFIFO: "fifo", 0: "type(0)", 8: "type(8)"} {
		if got := typ.String(); got != want {
			t.Errorf("%d: %q, want %q", uint8(typ), got, want)
		}
	}
}

func TestEmptyHash(t *testing.T) {
	if h := xxhash.Sum64(nil); h != EmptyHash {
		t.Errorf("hash of no bytes %016x", h)
	}
}
