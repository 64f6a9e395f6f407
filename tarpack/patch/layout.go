package patch

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// Errors of this package wrap one of these, or are those of files.
var (
	// ErrCorrupt means that a file is no patch, or a damaged one.
	ErrCorrupt = errors.New("not a patch, or a damaged one")
	// ErrVersion means that a patch is of a newer version of the format.
	ErrVersion = errors.New("the patch is of a newer version of the format")
	// ErrResult means that a patch did not make the archive that it is for.
	ErrResult = errors.New("the patch does not make the new archive")
	// ErrSame means that two archives are the same.
	ErrSame = errors.New("it is the same archive: there is nothing to patch")
)

// Suffix is the end of the name of a patch.
const Suffix = ".tpp"

// Name returns the name of the patch that makes the archive name of an older one. The digest is
// that in the trailer of the older one.
func Name(name string, oldDigest uint64) string {
	return fmt.Sprintf("%s.from-%016x%s", name, oldDigest, Suffix)
}

const (
	magic   = "TPKPATCH"
	version = 1

	// HeaderSize is the size of a patch's header in bytes.
	HeaderSize = 128
	// headerHashed is how many bytes of the header have their hash in the rest of it.
	headerHashed = HeaderSize - 8

	chunkHeader = 4*5 + 8 + 8
)

// Limits of one chunk in bytes. A reader needs memory for the sum of them, and for the encoder.
const (
	maxInstructions = 1 << 20
	maxData         = 8 << 20
	maxDictionary   = 8 << 20
	maxMade         = 16 << 20 // of the archive, without what is copied
)

// A Header is the header of a patch.
type Header struct {
	Encoder   uint16 // number of the encoder, see Supported
	Level     uint8  // of the encoder for contents, 1 to 9
	OldDigest uint64 // in the trailer of the old archive
	OldSize   int64  // of the old archive in bytes
	NewDigest uint64
	NewSize   int64
	SHA256    [sha256.Size]byte // of the new archive
	Chunks    int64
}

// append appends the header of a patch of size bytes.
func (h *Header) append(dst []byte, size int64) []byte {
	start := len(dst)
	dst = append(dst, magic...)
	dst = binary.LittleEndian.AppendUint32(dst, version)
	dst = binary.LittleEndian.AppendUint16(dst, h.Encoder)
	dst = append(dst, h.Level, 0)
	for _, v := range []uint64{h.OldDigest, uint64(h.OldSize), h.NewDigest, uint64(h.NewSize)} {
		dst = binary.LittleEndian.AppendUint64(dst, v)
	}
	dst = append(dst, h.SHA256[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(size))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Chunks))
	dst = append(dst, make([]byte, start+headerHashed-len(dst))...)
	return binary.LittleEndian.AppendUint64(dst, xxhash.Sum64(dst[start:]))
}

// ParseHeader returns the header of a patch of size bytes, which begins with b.
func ParseHeader(b []byte, size int64) (h Header, err error) {
	if len(b) < HeaderSize || !bytes.HasPrefix(b, []byte(magic)) {
		return h, fmt.Errorf("%w: it has no header", ErrCorrupt)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v > version {
		return h, fmt.Errorf("%w: %d", ErrVersion, v)
	} else if v == 0 {
		return h, fmt.Errorf("%w: version 0", ErrCorrupt)
	}
	if xxhash.Sum64(b[:headerHashed]) != binary.LittleEndian.Uint64(b[headerHashed:]) {
		return h, fmt.Errorf("%w: its header has another hash", ErrCorrupt)
	}
	field := func(at int) int64 { return int64(binary.LittleEndian.Uint64(b[at:])) }
	h = Header{
		Encoder: binary.LittleEndian.Uint16(b[12:]), Level: b[14],
		OldDigest: uint64(field(16)), OldSize: field(24),
		NewDigest: uint64(field(32)), NewSize: field(40),
		SHA256: [sha256.Size]byte(b[48:80]), Chunks: field(88),
	}
	stated := field(80)
	rest := append([]byte{b[15]}, b[96:headerHashed]...)
	switch {
	case stated != size:
		err = fmt.Errorf("%w: it has %d bytes, its header states %d", ErrCorrupt, size, stated)
	case h.Level < 1 || h.Level > 9, h.OldSize < 0, h.NewSize < 1,
		h.Chunks < 1, h.Chunks > (size-HeaderSize)/chunkHeader,
		len(bytes.Trim(rest, "\x00")) > 0:
		err = fmt.Errorf("%w: its header states what can't be", ErrCorrupt)
	}
	return h, err
}

// A Patch is an open patch.
type Patch struct {
	Header
	r    io.ReaderAt
	size int64
}

// Open reads the header of a patch of size bytes.
func Open(r io.ReaderAt, size int64) (*Patch, error) {
	b := make([]byte, HeaderSize)
	n, err := r.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	h, err := ParseHeader(b[:n], size)
	if err != nil {
		return nil, err
	}
	return &Patch{Header: h, r: r, size: size}, nil
}

// A chunk is the header of one chunk: lengths in bytes, and a hash.
type chunk struct {
	packedInstructions, packedData uint32 // as they are in the patch
	instructions, data, dictionary uint32 // decompressed
	made                           uint64 // xxHash64 of what is made, not copied
	output                         int64  // length of the part of the new archive
}

func (c *chunk) append(dst []byte) []byte {
	for _, v := range []uint32{
		c.packedInstructions, c.packedData, c.instructions, c.data, c.dictionary,
	} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = binary.LittleEndian.AppendUint64(dst, c.made)
	return binary.LittleEndian.AppendUint64(dst, uint64(c.output))
}

// parseChunk returns the header of a chunk. left is how many bytes follow it in the patch, and room
// how many bytes of the new archive are not made yet.
func parseChunk(b []byte, left, room int64) (c chunk, err error) {
	for k, v := range []*uint32{
		&c.packedInstructions, &c.packedData, &c.instructions, &c.data, &c.dictionary,
	} {
		*v = binary.LittleEndian.Uint32(b[4*k:])
	}
	c.made = binary.LittleEndian.Uint64(b[20:])
	c.output = int64(binary.LittleEndian.Uint64(b[28:]))
	// What does not become smaller grows by a few bytes in zstd.
	tooLong := func(packed, n uint32, limit int64) bool {
		return int64(n) > limit || int64(packed) > 2*int64(n)+64
	}
	if int64(c.packedInstructions)+int64(c.packedData) > left ||
		tooLong(c.packedInstructions, c.instructions, maxInstructions) ||
		tooLong(c.packedData, c.data, maxData) ||
		c.dictionary > maxDictionary || c.output < 1 || c.output > room {
		return c, fmt.Errorf("%w: the header of a chunk states what can't be", ErrCorrupt)
	}
	return c, nil
}
