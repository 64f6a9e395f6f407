package patch

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
)

const (
	// chunkData is after how many bytes of data a chunk ends. Larger chunks take more memory to
	// apply, and are hardly smaller.
	chunkData = 4 << 20
	// chunkItems is after how many sources and steps it ends, so that its instructions are short
	// enough: each of them takes at most 41 bytes.
	chunkItems = maxInstructions / 64
	// maxWindow is the window of zstd that reaches from the end of the longest data to the beginning
	// of the longest dictionary.
	maxWindow = maxDictionary + maxData
)

// A chunkWriter collects steps, and writes them as chunks.
type chunkWriter struct {
	w      io.Writer
	old    io.ReaderAt
	pos    int64 // in the patch
	chunks int64

	x          instructions
	has        map[int64]bool // offsets of the sources
	dictionary []byte
	data       []byte
	made       []byte
	output     int64
	inflater   inflater
}

// copied adds a step that copies n bytes from off.
func (w *chunkWriter) copied(off, n int64) {
	w.output += n
	if k := len(w.x.steps) - 1; k >= 0 {
		if s := &w.x.steps[k]; s.how == stepCopy && s.off+s.out == off {
			s.out += n
			return
		}
	}
	w.x.steps = append(w.x.steps, step{how: stepCopy, off: off, out: n})
}

// begin ends the chunk if there is no room in it for more data, for bytes that it makes, or for
// sources of its dictionary.
func (w *chunkWriter) begin(data, made int, sources []source) error {
	dictionary := int64(len(w.dictionary))
	for _, s := range sources {
		if !w.has[s.off] {
			dictionary += s.len
		}
	}
	if len(w.data) < chunkData && len(w.data)+data <= maxData && len(w.made)+made <= maxMade &&
		dictionary <= maxDictionary && len(w.x.sources)+len(w.x.steps) < chunkItems {
		return nil
	}
	return w.flush()
}

// add adds a step that makes bytes of data. begin was called for it.
func (w *chunkWriter) add(s step, data, made []byte) {
	s.out = int64(len(made))
	s.data = int64(len(data)) - s.extra
	w.output += s.out
	w.data = append(w.data, data...)
	w.made = append(w.made, made...)
	if k := len(w.x.steps) - 1; s.how == stepRaw && k >= 0 && w.x.steps[k].how == stepRaw {
		w.x.steps[k].out += s.out
		w.x.steps[k].data += s.data
		return
	}
	w.x.steps = append(w.x.steps, s)
}

// source adds bytes of the old archive to the dictionary, unless they are there or there is no
// room.
func (w *chunkWriter) source(s source) error {
	if w.has[s.off] || int64(len(w.dictionary))+s.len > maxDictionary || s.n > maxDictionary {
		return nil
	}
	var err error
	if w.dictionary, err = w.inflater.append(w.dictionary, w.old, &s); err != nil {
		return err
	}
	if w.has == nil {
		w.has = map[int64]bool{}
	}
	w.has[s.off] = true
	w.x.sources = append(w.x.sources, s)
	return nil
}

// flush writes the chunk, if it has anything.
func (w *chunkWriter) flush() error {
	if len(w.x.steps) == 0 {
		return nil
	}
	text := w.x.append(nil)
	packedText, err := compress(text, nil)
	if err != nil {
		return err
	}
	packedData, err := compress(w.data, w.dictionary)
	if err != nil {
		return err
	}
	c := chunk{
		packedInstructions: uint32(len(packedText)), packedData: uint32(len(packedData)),
		instructions: uint32(len(text)), data: uint32(len(w.data)),
		dictionary: uint32(len(w.dictionary)), made: xxhash.Sum64(w.made), output: w.output,
	}
	b := append(append(c.append(nil), packedText...), packedData...)
	if _, err := w.w.Write(b); err != nil {
		return err
	}
	w.pos += int64(len(b))
	w.chunks++
	w.x = instructions{sources: w.x.sources[:0], steps: w.x.steps[:0]}
	clear(w.has)
	w.dictionary, w.data, w.made, w.output = w.dictionary[:0], w.data[:0], w.made[:0], 0
	return nil
}

// compress returns a zstd frame (RFC 8878) with the bytes of b, or nothing if there are none. It
// decompresses it again, as a patch that is wrong would be noticed only where it is applied.
func compress(b, dictionary []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	window := 1 << max(20, bits.Len(uint(len(b)+len(dictionary)-1)))
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(min(window, maxWindow)),
		zstd.WithEncoderCRC(false), zstd.WithEncoderDictRaw(0, dictionary))
	if err != nil {
		return nil, err
	}
	defer e.Close()
	frame := e.EncodeAll(b, nil)
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderDictRaw(0, dictionary))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	again, err := d.DecodeAll(frame, nil)
	if err != nil || !bytes.Equal(again, b) {
		return nil, fmt.Errorf("%w: zstd made something else of %d bytes: %w", ErrResult, len(b), err)
	}
	return frame, nil
}
