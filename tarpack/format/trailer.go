package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
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

	Features sidecar.Features // of the archive and its sidecar
}

// Append appends the member T to dst, EndSize bytes.
func (t Trailer) Append(dst []byte) []byte {
	p := make([]byte, trailerPayload)
	p[0], p[1] = gzmember.KindTrailer, Version
	binary.LittleEndian.PutUint16(p[2:], t.Features.Required)
	binary.LittleEndian.PutUint16(p[4:], t.Features.Optional)
	binary.LittleEndian.PutUint64(p[6:], t.Entries)
	binary.LittleEndian.PutUint64(p[14:], uint64(t.Offset))
	binary.LittleEndian.PutUint64(p[22:], t.Digest)
	return gzmember.AppendZeros(dst, tarEnd, p)
}

// CheckRead returns an error that wraps ErrDraft if a draft of the format wrote T, and ErrVersion
// if T has a required feature that is not known.
func (t Trailer) CheckRead() error { return featureError(t.Features.Check()) }

// CheckWrite returns the error of CheckRead, or one that wraps ErrVersion if T has an optional
// feature that is not known. Such an archive must not be indexed, verified or changed.
func (t Trailer) CheckWrite() error {
	err := t.Features.CheckWrite()
	if err == nil && t.Features.Optional&sidecar.Set != 0 { // only an index has it
		err = &sidecar.FeatureError{Bit: bits.TrailingZeros16(sidecar.Set), Optional: true}
	}
	return featureError(err)
}

// featureError returns an error about features as one of this package.
func featureError(err error) error {
	switch {
	case errors.Is(err, sidecar.ErrDraft):
		return ErrDraft
	case err != nil:
		return fmt.Errorf("%w: %w", ErrVersion, err)
	}
	return nil
}

// HasSHA256 reports whether the sidecar of the archive has SHA-256 sums.
func (t Trailer) HasSHA256() bool { return t.Features.Optional&sidecar.SHA256 != 0 }

// IsShard reports whether the archive was written as one of a set.
func (t Trailer) IsShard() bool { return t.Features.Optional&sidecar.Shard != 0 }

// ParseTrailer reads T from the last EndSize bytes of an archive. The error is ErrNotArchive if
// they are not T. It wraps ErrVersion if a newer tpk wrote them, and ErrDraft if a draft of the
// format did; with these the Trailer is returned, too, unless its version is not known. The caller
// compares the offset.
func ParseTrailer(b []byte) (Trailer, error) {
	t, err := parseTrailer(b)
	if err != nil {
		return Trailer{}, err
	}
	return t, t.CheckRead()
}

// parseTrailer is ParseTrailer without a look at the features.
func parseTrailer(b []byte) (Trailer, error) {
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
	t.Features.Required = binary.LittleEndian.Uint16(h.Extra[2:])
	t.Features.Optional = binary.LittleEndian.Uint16(h.Extra[4:])
	// Encoding it again compares the bytes that carry no value, too.
	if string(t.Append(nil)) != string(b) {
		return Trailer{}, ErrNotArchive
	}
	return t, nil
}
