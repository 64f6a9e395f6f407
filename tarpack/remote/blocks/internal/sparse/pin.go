package sparse

import (
	"os"
	"sync"
)

// pins are the blocks that are lent to be sent from the file.
type pins struct {
	file *os.File // the data file, with the locks; it is opened for them alone

	mu    sync.Mutex
	count map[int64]int // of pins of each block
}

// Pin returns the data file if all n bytes from offset off are stored and known to be right. No
// process removes or changes them there until release is called, which may be done more than once.
// At most half of the limit is pinned, so that there is always something to evict.
func (f *File) Pin(off, n int64) (file *os.File, release func(), ok bool) {
	first, end := off/BlockSize, (off+n+BlockSize-1)/BlockSize
	if !canPin || n <= 0 || (end-first)*BlockSize > f.dir.limit/2 || !f.allKnown(first, end) {
		return nil, nil, false
	}
	if !f.pin(first, end) {
		return nil, nil, false
	}
	release = sync.OnceFunc(func() { f.unpin(first, end) })
	// Who removes blocks locks them first. So if they are there now, they stay.
	if !f.allThere(first, end) {
		release()
		return nil, nil, false
	}
	return f.data, release, true
}

// pin counts one more pin of each block, and locks those that had none.
func (f *File) pin(first, end int64) bool {
	f.pins.mu.Lock()
	defer f.pins.mu.Unlock()
	more := int64(0)
	for block := first; block < end; block++ {
		if f.pins.count[block] == 0 {
			more++
		}
	}
	if (int64(len(f.pins.count))+more)*BlockSize > f.dir.limit/2 {
		return false
	}
	if more > 0 && lockRange(f.pins.file, first*BlockSize, (end-first)*BlockSize, false) != nil {
		// A failed attempt has locked nothing, and has unlocked nothing.
		return false
	}
	for block := first; block < end; block++ {
		f.pins.count[block]++
	}
	return true
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
