package tarpack

import (
	"math/bits"
	"sync"
)

// A buffer is a reusable piece of memory.
type buffer struct {
	b     []byte
	class int
}

// pools holds buffers of 2^k bytes in pool k, so that a small file does not hold on to a large buffer.
var pools [48]sync.Pool

// getBuffer returns an empty buffer with room for n bytes.
func getBuffer(n int) *buffer {
	class := max(12, bits.Len(uint(max(n, 1)-1)))
	if b, ok := pools[class].Get().(*buffer); ok {
		b.b = b.b[:0]
		return b
	}
	return &buffer{b: make([]byte, 0, 1<<class), class: class}
}

// release gives the buffer back. A nil buffer is none.
func (b *buffer) release() {
	if b == nil {
		return
	}
	// It may have grown since.
	b.class = bits.Len(uint(cap(b.b))) - 1
	pools[b.class].Put(b)
}
