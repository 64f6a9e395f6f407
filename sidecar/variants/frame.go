package variants

import "github.com/klauspost/compress/zstd"

// The types of blocks in a Zstandard frame (RFC 8878 §3.1.1.2.2).
const (
	blockRLE      = 1
	blockReserved = 3

	blockHeader = 3 // bytes
)

// checkFrame checks that b is one Zstandard frame without a dictionary ID, that its window is at
// most MaxWindow, and that it states no size of its content but size.
func checkFrame(b []byte, size int64) error {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return corruptf("zstd: %v", err)
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	switch {
	case h.Skippable:
		return corruptf("zstd: a frame to skip")
	case h.DictionaryID != 0:
		return corruptf("zstd: dictionary ID %d", h.DictionaryID)
	case window > MaxWindow:
		return corruptf("zstd: a window of %d bytes", window)
	case h.HasFCS && h.FrameContentSize != uint64(size):
		return corruptf("zstd: %d bytes, not %d", h.FrameContentSize, size)
	}
	at, last := h.HeaderSize, false
	for !last {
		if at+blockHeader > len(b) {
			return corruptf("zstd: it ends in a block")
		}
		word := int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16
		last = word&1 != 0
		n := word >> 3
		switch word >> 1 & 3 {
		case blockRLE:
			n = 1
		case blockReserved:
			return corruptf("zstd: unknown type of block")
		}
		at += blockHeader + n
	}
	if h.HasCheckSum {
		at += 4
	}
	if at != len(b) {
		return corruptf("zstd: a frame of %d bytes in %d", at, len(b))
	}
	return nil
}
