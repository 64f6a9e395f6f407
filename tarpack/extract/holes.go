package extract

import (
	"bytes"
	"context"
	"os"
)

// holeSize is the size of the blocks that become holes if all their bytes are zero. Few file
// systems have smaller ones.
const holeSize = 4 << 10

var zeros [holeSize]byte

// A holeWriter writes a new file from its beginning, and leaves holes for blocks of zeros. Call end
// after the last Write.
type holeWriter struct {
	ctx  context.Context
	f    *os.File
	off  int64 // of the next byte
	size int64 // of the file on disk; less than off after a hole
}

// Write fails when the context has ended.
func (w *holeWriter) Write(b []byte) (n int, err error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	for n < len(b) {
		data := block(b[n:], w.off)
		if isZero(data) {
			n += len(data)
			w.off += int64(len(data))
			continue
		}
		from := n
		for n += len(data); n < len(b); n += len(data) { // one call for all up to the next hole
			if data = block(b[n:], w.off+int64(n-from)); isZero(data) {
				break
			}
		}
		m, err := w.f.WriteAt(b[from:n], w.off)
		w.off += int64(m)
		w.size = w.off
		if err != nil {
			return from + m, err
		}
	}
	return n, nil
}

// block returns the part of b that belongs to the block with the offset off of the file.
func block(b []byte, off int64) []byte {
	return b[:min(int64(len(b)), holeSize-off%holeSize)]
}

func isZero(b []byte) bool { return b[0] == 0 && bytes.Equal(b, zeros[:len(b)]) }

// end gives the file its size if it ends with a hole.
func (w *holeWriter) end() error {
	if w.size == w.off {
		return nil
	}
	return w.f.Truncate(w.off)
}
