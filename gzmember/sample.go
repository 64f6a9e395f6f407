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

// sampler holds what a sample needs, to be used again.
type sampler struct {
	enc *Encoder
	out []byte
	buf []byte
}

var samplers = sync.Pool{New: func() any {
	enc, _ := NewEncoder(1) // a valid level
	return &sampler{enc: enc, buf: make([]byte, sampleChunk)}
}}

// Compressible says whether deflate would make a file of size bytes at least 3 % smaller, judging by
// what level 1 makes of 32 chunks of 32 KiB that are evenly spread over it (of all of it, if it is not
// larger than that). It depends on nothing but the content. A buffer of 32 KiB may be given to read to.
//
// An error wraps the reader's and says where in the file; if that ends before size, io.ErrUnexpectedEOF.
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
