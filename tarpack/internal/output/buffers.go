package output

import (
	"math/bits"
	"sync"
)

// Buffer is a reusable piece of memory. Append to B.
type Buffer struct {
	B     []byte
	class int // the number of its pool
}

// pools[k] holds buffers of 2^k bytes, so that a small file does not occupy a large buffer.
var pools [48]sync.Pool

// GetBuffer returns an empty buffer with room for n bytes.
func GetBuffer(n int) *Buffer {
	class := max(12, bits.Len(uint(max(n, 1)-1)))
	if b, ok := pools[class].Get().(*Buffer); ok {
		b.B = b.B[:0]
		return b
	}
	return &Buffer{B: make([]byte, 0, 1<<class), class: class}
}

// Release makes the buffer available for another use. A nil Buffer does nothing.
func (b *Buffer) Release() {
	if b == nil {
		return
	}
	// It may have grown since.
	b.class = bits.Len(uint(cap(b.B))) - 1
	pools[b.class].Put(b)
}
