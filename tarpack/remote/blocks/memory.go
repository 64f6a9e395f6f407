package blocks

import (
	"container/list"
	"sync"
)

// memory holds the blocks that were used last. It is safe for concurrent use.
type memory struct {
	limit int64 // bytes

	mu     sync.Mutex
	blocks map[int64]*list.Element
	order  *list.List // of memoryBlock, the least recently used first
	size   int64      // bytes
}

type memoryBlock struct {
	block int64
	data  []byte
}

func (m *memory) init(limit int64) {
	m.limit = limit
	m.blocks, m.order = map[int64]*list.Element{}, list.New()
}

// put keeps a block, which must not change. At least one is kept.
func (m *memory) put(block int64, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(block)
	m.blocks[block] = m.order.PushBack(memoryBlock{block, data})
	m.size += int64(len(data))
	for m.size > m.limit && m.order.Len() > 1 {
		m.remove(m.order.Front().Value.(memoryBlock).block)
	}
}

// drop removes a block.
func (m *memory) drop(block int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(block)
}

func (m *memory) remove(block int64) {
	if e := m.blocks[block]; e != nil {
		m.size -= int64(len(m.order.Remove(e).(memoryBlock).data))
		delete(m.blocks, block)
	}
}

// has reports whether a block is there.
func (m *memory) has(block int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blocks[block] != nil
}

// read copies bytes of one block, from offset off of the object. It returns 0 if the block is not
// there.
func (m *memory) read(p []byte, off int64) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.blocks[off/blockSize]
	if e == nil {
		return 0
	}
	m.order.MoveToBack(e)
	return copy(p, e.Value.(memoryBlock).data[off%blockSize:])
}
