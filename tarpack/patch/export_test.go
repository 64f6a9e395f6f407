package patch

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Limits of one chunk.
const (
	MaxInstructions = maxInstructions
	MaxData         = maxData
	MaxDictionary   = maxDictionary
	ChunkHeader     = chunkHeader
	EncoderNumber   = encoderNumber
)

// Vouch gives the header of a patch the size of the patch, and the hash that it must have.
func Vouch(b []byte) {
	binary.LittleEndian.PutUint64(b[80:], uint64(len(b)))
	binary.LittleEndian.PutUint64(b[headerHashed:], xxhash.Sum64(b[:headerHashed]))
}

// Compress returns a zstd frame as patches have them.
func Compress(b, dictionary []byte) ([]byte, error) { return compress(b, dictionary) }

// AppendChunk appends a chunk whose header states the given lengths and hash.
func AppendChunk(dst []byte, text, data []byte, dictionary, lenText, lenData int, made []byte,
	output int64,
) []byte {
	c := chunk{packedInstructions: uint32(len(text)), packedData: uint32(len(data)),
		instructions: uint32(lenText), data: uint32(lenData), dictionary: uint32(dictionary),
		made: xxhash.Sum64(made), output: output}
	return append(append(c.append(dst), text...), data...)
}

// Encoded returns what each kind of step makes of b at a level.
func Encoded(level int, b []byte) (map[string][]byte, error) {
	e, err := newEncoder(level)
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for name, s := range map[string]step{
		"header": {how: stepHeader}, "group": {how: stepGroup, extra: 3},
		"content": {how: stepContent}, "segment": {how: stepSegment}, "last": {how: stepLast},
		"zeros": {how: stepZeros, zeros: int64(len(b) % 512)},
	} {
		data := b
		if s.how == stepZeros {
			data = nil
		}
		s.data = int64(len(data)) - s.extra
		all[name] = e.append(nil, &s, data)
	}
	return all, nil
}
