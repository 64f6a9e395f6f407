//go:build linux || darwin

package mount

import "sync/atomic"

// memory keeps the memory of the process small: pages of a mapped index count as its memory as soon
// as they were read, so a search through a large archive would make it as large as the index.
type memory struct {
	trees *generations
	n     atomic.Int64 // entries that were read
}

// Limits of memory.
const (
	lookEvery = 16       // entries, each of which may map three times 64 KiB, or more
	maxMapped = 24 << 20 // bytes of files, the program among them, that may be mapped
)

// used notes that an entry was read.
func (m *memory) used() {
	if m.n.Add(1)%lookEvery != 0 || mapped() <= maxMapped {
		return
	}
	for _, t := range m.trees.all() {
		for _, l := range t.layers {
			l.archive.UnloadIndex()
		}
		m.trees.release(t, 1)
	}
}
