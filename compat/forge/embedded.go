package forge

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// Sizes of an index in the archive (FORMAT.md 1.6), in bytes.
const (
	indexMember = 16_384
	indexPart   = 16_320
	indexHead   = 54
	indexHeader = 512 // of the sidecar
)

// Embed returns the archive with its sidecar in itself, and the sidecar of that archive.
func Embed(archive, sidecar []byte) (with, its []byte) {
	const endSize, kept = 64, 46
	n := (len(sidecar) + indexHeader + indexPart - 1) / indexPart
	size := len(archive) + n*indexMember + endSize
	its = bytes.Clone(sidecar)
	le.PutUint64(its[16:], uint64(size))
	le.PutUint64(its[504:], xxhash.Sum64(its[:504]))

	parts := make([]byte, n*indexPart)
	copy(parts, its)
	copy(parts[len(parts)-indexHeader:], its[:indexHeader])

	with = bytes.Clone(archive)
	former := with[len(with)-endSize:]
	copy(former[kept:], "\x00\x00\x00\xff\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00")
	for k := range n {
		payload := []byte{'I', 0, 0, 0, 0, 0}
		for _, x := range []uint64{uint64(k), uint64(n), uint64(len(its)), Digest(its)} {
			payload = le.AppendUint64(payload, x)
		}
		with = append(with, Zeros(0, append(payload, parts[k*indexPart:][:indexPart]...))...)
	}
	t := archive[len(archive)-endSize:]
	return append(with, TrailerOf(le.Uint16(t[18:]), le.Uint16(t[20:]), le.Uint64(t[22:]),
		uint64(len(with)), Digest(its))...), its
}

// EmbeddedIndex returns the sidecar that an archive has in itself, with the header before T. The
// places of its bytes are those of the formula in FORMAT.md 1.6.
func EmbeddedIndex(archive []byte) ([]byte, error) {
	t := len(archive) - 64
	if t < indexMember {
		return nil, errors.New("it is too short")
	}
	last := archive[t-indexMember : t]
	content, extra, length, err := memberAt(last, 0)
	if err != nil || len(content) > 0 || length != indexMember || extra[0] != 'I' {
		return nil, fmt.Errorf("no member of an index precedes T: %d bytes, %w", length, err)
	}
	number, n, size := le.Uint64(extra[6:]), le.Uint64(extra[14:]), le.Uint64(extra[22:])
	if number+1 != n || (size+indexHeader+indexPart-1)/indexPart != n ||
		le.Uint64(extra[30:]) != le.Uint64(archive[t+38:]) {
		return nil, fmt.Errorf("member %d of %d, %d bytes", number, n, size)
	}
	base := t - int(n)*indexMember
	sidecar := make([]byte, size)
	for i := range sidecar {
		sidecar[i] = archive[base+indexHead+64*(i/indexPart)+i]
	}
	if header := archive[t-522:][:indexHeader]; !bytes.Equal(header, sidecar[:indexHeader]) {
		return nil, errors.New("the two headers differ")
	}
	return sidecar, nil
}
