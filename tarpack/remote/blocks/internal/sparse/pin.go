package sparse

import (
	"os"
	"sync"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// pins are the blocks that are lent to be sent from the file.
type pins struct {
	mu    sync.Mutex
	file  *os.File      // the data file, opened for the locks alone; nil before the first pin
	count map[int64]int // of pins of each block
}

// Pin returns the data file if all n bytes from offset off are stored and known to be right. No
// process removes or changes them there until release is called, which may be done more than once.
// At most half of the limit is pinned, so that there is something to evict.
func (f *File) Pin(off, n int64) (file *os.File, release func(), ok bool) {
	first, end := off/BlockSize, (off+n+BlockSize-1)/BlockSize
	if !canPin || n <= 0 || end-first > f.dir.maxPinned() || !f.allKnown(first, end) ||
		!f.pin(first, end) {
		return nil, nil, false
	}
	release = sync.OnceFunc(func() { f.unpin(first, end) })
	// Blocks are locked before they are removed. So if they are there now, they stay.
	if !f.allThere(first, end) {
		release()
		return nil, nil, false
	}
	return f.data, release, true
}

// maxPinned returns how many blocks may be pinned.
func (d *Directory) maxPinned() int64 { return d.limit / 2 / BlockSize }

// pin counts one more pin of each block, and locks those that had none.
func (f *File) pin(first, end int64) bool {
	p := &f.pins
	p.mu.Lock()
	defer p.mu.Unlock()
	more := int64(0)
	for block := first; block < end; block++ {
		if p.count[block] == 0 {
			more++
		}
	}
	if f.dir.pinned.Add(more) > f.dir.maxPinned() || more > 0 && !p.lock(f.data, first, end) {
		f.dir.pinned.Add(-more)
		return false
	}
	for block := first; block < end; block++ {
		p.count[block]++
	}
	return true
}

// lock locks blocks, so that no other descriptor gets an exclusive lock of one. If that fails
// nothing has changed.
func (p *pins) lock(data *os.File, first, end int64) bool {
	if p.file == nil {
		file, err := openFile(data.Name(), 0)
		if err != nil {
			return false
		}
		if !durable.LeadsTo(data.Name(), data) { // it was removed, and file may be another one
			file.Close()
			return false
		}
		p.file = file
	}
	return lockRange(p.file, first*BlockSize, (end-first)*BlockSize, false) == nil
}

func (f *File) unpin(first, end int64) {
	f.pins.mu.Lock()
	defer f.pins.mu.Unlock()
	free := first // the first block of a run without pins
	for block := first; block < end; block++ {
		if f.pins.count[block]--; f.pins.count[block] > 0 {
			f.unlockPins(free, block)
			free = block + 1
			continue
		}
		delete(f.pins.count, block)
		f.dir.pinned.Add(-1)
	}
	f.unlockPins(free, end)
}

func (f *File) unlockPins(first, end int64) {
	if first < end {
		unlockRange(f.pins.file, first*BlockSize, (end-first)*BlockSize)
	}
}

func (f *File) allKnown(first, end int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for block := first; block < end; block++ {
		if _, ok := f.known[block]; !ok {
			return false
		}
	}
	return true
}

// allThere reports whether known blocks are still in the table. It notes that they are used.
func (f *File) allThere(first, end int64) bool {
	for first < end {
		var slots [runBlocks]slot
		n := int(min(runBlocks, end-first))
		if f.knownRun(first, slots[:n]) < n {
			return false
		}
		if same, ok := f.stillThere(first, slots[:n], false); !ok || same < n {
			return false
		}
		first += int64(n)
	}
	return true
}
