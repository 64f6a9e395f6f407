package format

import (
	"encoding/binary"
	"fmt"

	"github.com/tarpack/tpk/gzmember"
)

// Version is the format version that this package writes, and the newest that it reads.
const Version = 1

// EndSize is the length of T, the last member of every archive, in bytes (FORMAT.md 1.2).
const EndSize = 64

const (
	trailerPayload = 30
	tarEnd         = 2 * BlockSize // bytes; two zero blocks end a tar
)

// Trailer is what T records about its archive.
type Trailer struct {
	Entries uint64 // number of entries in the archive
	Offset  int64  // of T itself, in bytes
	Digest  uint64 // of the sidecar that belongs to the archive
}

// Append appends the member T to dst, EndSize bytes.
func (t Trailer) Append(dst []byte) []byte {
	p := make([]byte, trailerPayload)
	p[0], p[1] = gzmember.KindTrailer, Version
	binary.LittleEndian.PutUint64(p[6:], t.Entries)
	binary.LittleEndian.PutUint64(p[14:], uint64(t.Offset))
	binary.LittleEndian.PutUint64(p[22:], t.Digest)
	return gzmember.AppendZeros(dst, tarEnd, p)
}

// ParseTrailer reads T from the last EndSize bytes of an archive. The error is ErrNotArchive if
// they are not T, and wraps ErrVersion if a newer tpk wrote them. The caller compares the offset.
func ParseTrailer(b []byte) (Trailer, error) {
	if len(b) != EndSize {
		return Trailer{}, ErrNotArchive
	}
	h, err := gzmember.ParseHeader(b)
	if err != nil || len(h.Extra) < 2 || h.Extra[0] != gzmember.KindTrailer {
		return Trailer{}, ErrNotArchive
	}
	if v := h.Extra[1]; v > Version {
		return Trailer{},
			fmt.Errorf("%w: format version %d, this tpk reads up to %d", ErrVersion, v, Version)
	}
	if len(h.Extra) != trailerPayload {
		return Trailer{}, ErrNotArchive
	}
	t := Trailer{
		Entries: binary.LittleEndian.Uint64(h.Extra[6:]),
		Offset:  int64(binary.LittleEndian.Uint64(h.Extra[14:])),
		Digest:  binary.LittleEndian.Uint64(h.Extra[22:]),
	}
	// Encoding it again compares the bytes that carry no value, too.
	if string(t.Append(nil)) != string(b) {
		return Trailer{}, ErrNotArchive
	}
	return t, nil
}
