package output

import (
	"math/bits"
	"sync"
)

// A buffer is a reusable piece of memory.
type Buffer struct {
	B     []byte
	class int
}

// pools holds buffers of 2^k bytes in pool k, so that a small file does not hold on to a large buffer.
var pools [48]sync.Pool

// getBuffer returns an empty buffer with room for n bytes.
func GetBuffer(n int) *Buffer {
	class := max(12, bits.Len(uint(max(n, 1)-1)))
	if b, ok := pools[class].Get().(*Buffer); ok {
		b.B = b.B[:0]
		return b
	}
	return &Buffer{B: make([]byte, 0, 1<<class), class: class}
}

// release gives the buffer back. A nil buffer is none.
func (b *Buffer) Release() {
	if b == nil {
		return
	}
	// It may have grown since.
	b.class = bits.Len(uint(cap(b.B))) - 1
	pools[b.class].Put(b)
}
