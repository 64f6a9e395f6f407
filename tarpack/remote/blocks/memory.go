package blocks

import (
	"container/list"
	"sync"
)

// memory holds the blocks that were used last. It is safe for concurrent use.
type memory struct {
	limit int64 // bytes

	mu     sync.Mutex
	blocks map[address]*list.Element
	order  *list.List // of memoryBlock, the least recently used first
	size   int64      // bytes
}

// address is the address of a block.
type address struct {
	of    *Generation
	block int64
}

type memoryBlock struct {
	address
	data []byte
}

func (m *memory) init(limit int64) {
	m.limit = limit
	m.blocks, m.order = map[address]*list.Element{}, list.New()
}

// put keeps a block, which must not change. At least one is kept.
func (m *memory) put(a address, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(a)
	m.blocks[a] = m.order.PushBack(memoryBlock{a, data})
	m.size += int64(len(data))
	for m.size > m.limit && m.order.Len() > 1 {
		m.remove(m.order.Front().Value.(memoryBlock).address)
	}
}

// drop removes a block.
func (m *memory) drop(a address) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(a)
}

// dropAll removes all blocks of a generation.
func (m *memory) dropAll(of *Generation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for a := range m.blocks {
		if a.of == of {
			m.remove(a)
		}
	}
}

func (m *memory) remove(a address) {
	if e := m.blocks[a]; e != nil {
		m.size -= int64(len(m.order.Remove(e).(memoryBlock).data))
		delete(m.blocks, a)
	}
}

// has reports whether a block is there.
func (m *memory) has(a address) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blocks[a] != nil
}

// read copies bytes of a block, from an offset in it. It returns 0 if the block is not there.
func (m *memory) read(a address, p []byte, off int64) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.blocks[a]
	if e == nil {
		return 0
	}
	m.order.MoveToBack(e)
	return copy(p, e.Value.(memoryBlock).data[off:])
}
