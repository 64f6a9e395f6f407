package layout

import (
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
)

// TestLayout writes down the arithmetic of the constants.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		what      string
		got, want int64
	}{
		{"magic", int64(len(Magic)), atVersion - atMagic},
		{"version", atVersion + 4, atRequired},
		{"required features", atRequired + 2, atOptional},
		{"optional features", atOptional + 2, atArchiveSize},
		{"archive size", atArchiveSize + 8, atEntries},
		{"entries", atEntries + 8, atStats},
		{"statistics", atStats + NumStats*8, atNumSections},
		{"number of sections", atNumSections + 4, atReserved},
		{"reserved bytes", atReserved + 4, atSections},
		{"list of sections", atSections + MaxSections*sectionEntry, atDigest},
		{"list of sections with sums", atSections + MaxSectionsWithSums*sectionEntry + 16, atListsSum},
		{"sections with sums", MaxSectionsWithSums, 14},
		{"SHA-256 of the list sums", atListsSum + SumSize, atDigest},
		{"sums of a block of sums", SumBlock % SumSize, 0},
		{"digest, the end of the header", atDigest + 8, HeaderSize},
		{"start of the first section", HeaderSize % Alignment, 0},
		{"record: offset", recOffset + 6, recHeaderLen},
		{"record: header", recHeaderLen + 2, recSize},
		{"record: size", recSize + 6, recPadLen},
		{"record: padding", recPadLen + 2, recWide},
		{"record: content, link or device", recWide + 6, recSniff},
		{"record: sniff", recSniff + 1, recHigh},
		{"record: high bits of the offset", recHigh + 1, recHash},
		{"record of a directory: bytes", recBytes + 8, recMembers},
		{"record of a directory: members", recMembers + 7, recHigh},
		{"record of a directory: names", recNonDirs + 4, recDirZero},
		{"record of a directory: zeros", recDirZero + 4, recNarrow},
		{"record: hash", recHash + 8, recNarrow},
		{"record: CRC, end or target", recNarrow + 4, recTime},
		{"record: time", recTime + bits40/8, recMode},
		{"record: mode", recMode + 2, recKind},
		{"record", recKind + 1, RecordSize},
		{"bucket: places", bucketPlace + placeSize*BucketSlots, bucketTag},
		{"bucket: tags", bucketTag + BucketSlots, bucketCount},
		{"bucket: mark", bucketMark + 2, BucketSize},
		{"bucket: a word for the last place", bucketPlace + placeSize*(BucketSlots-1) + 8, 53},
		{"bucket: a word for the first 8 tags", bucketTag + 8, 58},
		{"bucket: a word for the last tags", bucketWord, bucketTag + 6},
		{"bucket on a cache line", Alignment % BucketSize, 0},
		{"most paths of one hash", (MaxReach + 1) * BucketSlots, 2560},
		{"numbers of a block", pathLens, 2 * BlockPaths},
		{"longest block", MaxBlock, 36 + 64 + 16*16384 + 3},
		{"places", MaxPaths, 256 << 30},
		{"segments: ordinal", segOrdinal + 4, segShift},
		{"segments: shift", segShift + 1, segZero},
		{"segments: zero", segZero + 3, segIndex},
		{"segments: row", segIndex + 8, SegmentRowSize},
		{"device", 2 * deviceShift, 48},
		{"stored block", coding.StoredBlock, 1<<16 - 1},
		{"a count of 255 means a long number", longLen, 1<<8 - 1},
		{"a path fits a long number", MaxPath >> 16, 0},
		{"a time fits 40 bits", MaxTime - MinTime, 1<<bits40 - 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}
