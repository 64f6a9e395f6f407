package device

import (
	"bytes"
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/tarpack/format"
)

// BlockSize is the number of bytes at the end of a device that are kept for the locator, which is
// the last of them.
const BlockSize = 4096

const (
	sidecarAlign   = 64 << 10 // a multiple of every page size, so that the sidecar can be mapped
	locatorMagic   = "TPKPLACE"
	locatorVersion = 1
	locatorSize    = 64 // 8 magic, 8 version, 5 × 8 fields, 8 hash
)

// Locator has the offsets of what is on a device, in bytes.
type Locator struct {
	Archive int64  // size of the archive, including T
	Index   int64  // offset of the sidecar
	Length  int64  // size of the sidecar; 0: there is none
	Digest  uint64 // of the sidecar, as in T
}

// encode returns the locator, locatorSize bytes.
func (l Locator) encode() []byte {
	b := append(make([]byte, 0, locatorSize), locatorMagic...)
	b = binary.LittleEndian.AppendUint64(b, locatorVersion)
	const start = 0 // where the archive begins
	for _, v := range []uint64{start, uint64(l.Archive), uint64(l.Index), uint64(l.Length), l.Digest} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

// parseLocator reads the locator of a device of room bytes. ok is false unless the locator is
// undamaged and its offsets fit the device.
func parseLocator(b []byte, room int64) (l Locator, ok bool) {
	if len(b) < locatorSize || string(b[:8]) != locatorMagic {
		return l, false
	}
	l = Locator{
		Archive: int64(binary.LittleEndian.Uint64(b[24:])),
		Index:   int64(binary.LittleEndian.Uint64(b[32:])),
		Length:  int64(binary.LittleEndian.Uint64(b[40:])),
		Digest:  binary.LittleEndian.Uint64(b[48:]),
	}
	end := room - BlockSize
	if l.Archive < format.EndSize || l.Archive > l.Index || l.Index > end ||
		l.Length < 0 || l.Length > end-l.Index {
		return l, false
	}
	return l, bytes.Equal(l.encode(), b[:locatorSize])
}
