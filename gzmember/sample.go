package gzmember

import (
	"fmt"
	"io"
	"sync"
)

// The sample that Compressible takes.
const (
	sampleChunks = 32
	sampleChunk  = 32 << 10 // bytes
)

// sampler holds an encoder and buffers for samples. Samplers are pooled.
type sampler struct {
	enc *Encoder
	out []byte
	buf []byte
}

var samplers = sync.Pool{New: func() any {
	enc, _ := NewEncoder(1) // a valid level
	return &sampler{enc: enc, buf: make([]byte, sampleChunk)}
}}

// Compressible estimates whether deflate would make a file of size bytes at least 3 % smaller. It
// compresses 32 chunks of 32 KiB, evenly spread over the file, at level 1; a file no larger than
// that it compresses whole. The result depends only on the content. The caller may pass a buffer of
// 32 KiB to read to.
//
// The error has the offset in the file. It wraps that of the reader, or [io.ErrUnexpectedEOF] if
// the file ends before size.
func Compressible(r io.ReaderAt, size int64, buf ...[]byte) (bool, error) {
	s := samplers.Get().(*sampler)
	defer samplers.Put(s)
	chunk := s.buf
	if len(buf) > 0 && len(buf[0]) >= sampleChunk {
		chunk = buf[0][:sampleChunk]
	}
	step := max((size-sampleChunk)/(sampleChunks-1), sampleChunk)
	var in, out int64
	for i := range int64(sampleChunks) {
		off := i * step
		if off >= size {
			break
		}
		part := chunk[:min(sampleChunk, size-off)]
		if n, err := r.ReadAt(part, off); n < len(part) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return false, fmt.Errorf("at byte %d: %w", off+int64(n), err)
		}
		s.out = s.enc.AppendSegment(s.out[:0], part, true)
		in += int64(len(part))
		out += int64(len(s.out))
	}
	return Saves(out, in), nil
}
