package layout

// An embedded index lies in parts, each a gzip member before T (FORMAT.md 1.6):
//
//	PartHead bytes of gzip header and fields │ PartPayload bytes of the sidecar │ the end of a member
//
// The bytes around the payload are together 64, and the payload is a multiple of 64. So whatever is
// aligned to 64 bytes in the sidecar, and no longer, lies in one part.
const (
	PartSize    = 16_384
	PartPayload = 255 * Alignment // 16,320
	PartHead    = 54
	// PartTail is the length of an empty deflate stream, and of CRC-32 and ISIZE.
	PartTail = PartSize - PartPayload - PartHead
)

// NumParts returns the number of parts of a sidecar of size bytes. They hold the sidecar and, at
// the end of the last one, its header again.
func NumParts(size int64) int64 { return (size + HeaderSize + PartPayload - 1) / PartPayload }
