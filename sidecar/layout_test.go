package sidecar

import (
	"bytes"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// TestLayout writes down the arithmetic of the constants.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"magic", int64(len(magic)), atVersion - atMagic},
		{"statistics", atCounts + 6*8, atFileBytes},
		{"reserved bytes", atMemberBytes + 8, atReserved},
		{"reserved bytes", atSections - atReserved, 56},
		{"list of sections", atSections + numSections*sectionEntry, atDigest},
		{"end of the header", atTail + 8, headerSize},
		{"start of the first section", headerSize % alignment, 0},
		{"record: header", recHeader + 6 + 2, recSize},
		{"record: size", recSize + 6 + 2, recContent},
		{"record: content", recContent + 6 + 1 + 1, recHash},
		{"record: hash", recHash + 8, recLink},
		{"record: CRC, end or target", recLink + 4, recTime},
		{"record: type", recTime + 5 + 2, recType},
		{"record", recType + 1, recordSize},
		{"bucket: places", bucketPlace + placeSize*bucketSlots, bucketTag},
		{"bucket: tags", bucketTag + bucketSlots, bucketCount},
		{"bucket: mark", bucketMark + 2, bucketSize},
		{"bucket: a word for the last place", bucketPlace + placeSize*(bucketSlots-1) + 8, 53},
		{"bucket: a word for the first 8 tags", bucketTag + 8, 58},
		{"bucket: a word for the last tags", bucketWord, bucketTag + 6},
		{"bucket on a cache line", alignment % bucketSize, 0},
		{"numbers of a block", pathLens, 2 * blockPaths},
		{"places", maxPaths, 256 << 30},
		{"segments: row", segIndex + 8, segRow},
		{"device", 2 * devShift, 48},
		{"item", itemMore, 8 + recordSize + 1},
		{"reference", refSeq + 8, refLen},
		{"patch of a link", linkSniff + 1, patchLink},
		{"pair", 8 + 4, pairSize},
		{"stored block", storedBlock, 1<<16 - 1},
		{"a count of 255 means a long number", longLen, 1<<8 - 1},
		{"a path fits a long number", maxPath >> 16, 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	if h := xxhash.Sum64(nil); h != emptyHash {
		t.Errorf("hash of nothing %016x", h)
	}
}

func TestEntryCodec(t *testing.T) {
	max48 := int64(maxOffset)
	for _, e := range []Entry{
		{Type: TypeFile, Offset: max48, HeaderLen: maxMember, ContentLen: max48, PadLen: maxMember, Size: max48, ModTime: maxTime,
			Mode: 0o7777, Coding: CodingSegmented, Sniff: SniffText | sniffUTF8, Hash: 1<<64 - 1, CRC: 1<<32 - 1},
		{Type: TypeFile, ModTime: minTime},
		{Type: TypeFile, ModTime: -1, Coding: CodingStored},
		{Type: TypeDir, End: 1<<32 - 1},
		{Type: TypeSymlink, Size: maxPath, linkOffset: max48},
		{Type: TypeHardlink, Target: 1<<32 - 1, Duplicate: true, Size: max48, Hash: 5, Sniff: SniffPNG},
		{Type: TypeChar, DevMajor: maxDevice, DevMinor: 1},
		{Type: TypeBlock, DevMajor: 1, DevMinor: maxDevice},
		{Type: TypeFIFO, Mode: 1},
	} {
		b := bytes.Repeat([]byte{0xaa}, recordSize)
		e.encode(b)
		var got Entry
		if !got.decode(b) || got != e {
			t.Errorf("%+v becomes %+v", e, got)
		}
	}
}

// TestEntryZeros sets each bit that a type must not have.
func TestEntryZeros(t *testing.T) {
	used := map[Type][]int{ // bytes of a record that mean something, beside the header's, time, mode and type
		TypeFile:     {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35},
		TypeDir:      {8, 9, 10, 11, 12, 13, 32, 33, 34, 35},
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
		for i := recSize; i < recTime; i++ {
			var b [recordSize]byte
			e := Entry{Type: typ}
			e.encode(b[:])
			b[i] = 0x80
			if got := e.decode(b[:]); got != free[i] {
				t.Errorf("%v with byte %d set: decode gives %v", typ, i, got)
			}
		}
	}
	for _, kind := range []byte{0, 8, 9, 15, 0x81} {
		var b [recordSize]byte
		b[recType] = kind
		if new(Entry).decode(b[:]) {
			t.Errorf("type byte %#x is taken", kind)
		}
	}
}

func TestStrings(t *testing.T) {
	for typ, want := range map[Type]string{TypeFile: "file", TypeDir: "dir", TypeSymlink: "symlink", TypeHardlink: "hardlink",
		TypeChar: "char", TypeBlock: "block", TypeFIFO: "fifo", 0: "type(0)", 8: "type(8)"} {
		if got := typ.String(); got != want {
			t.Errorf("%d: %q, want %q", uint8(typ), got, want)
		}
	}
	for c, want := range map[Coding]string{CodingNone: "none", CodingDeflate: "deflate", CodingStored: "stored",
		CodingSegmented: "segmented", 4: "coding(4)"} {
		if got := c.String(); got != want {
			t.Errorf("%d: %q, want %q", uint8(c), got, want)
		}
	}
}
