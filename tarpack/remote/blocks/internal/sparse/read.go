package sparse

import (
	"os"
	"sync"

	"github.com/tarpack/tpk/tarpack/source"
)

// runBlocks is the greatest number of blocks that one call of Read reads.
const runBlocks = 32

// Read reads from offset off what is stored and known to be right. It returns how many bytes of p
// it has filled: 0 if the first block is not there, and maybe fewer than there are. With now it
// reads only what the system has in memory, and does not block.
func (f *File) Read(p []byte, off int64, now bool) int {
	if len(p) == 0 || off >= f.size {
		return 0
	}
	var slots [runBlocks]slot
	first := off / BlockSize
	n := f.knownRun(first, slots[:min(runBlocks, (off+int64(len(p))-1)/BlockSize-first+1)])
	if n == 0 {
		return 0
	}
	p = p[:min(int64(len(p)), min(f.size, (first+int64(n))*BlockSize)-off)]
	if !readFull(f.data, p, off, now) {
		if !now {
			f.forget(first, slots[:n])
		}
		return 0
	}
	same, ok := f.stillThere(first, slots[:n], now)
	if !ok && now {
		return 0
	}
	f.forget(first+int64(same), slots[same:n])
	return int(max(0, min(int64(len(p)), (first+int64(same))*BlockSize-off)))
}

// readFull fills p from a file. It reports whether that was possible.
func readFull(file *os.File, p []byte, off int64, now bool) bool {
	if now {
		return source.ReadNow(file, p, off)
	}
	n, _ := file.ReadAt(p, off)
	return n == len(p)
}

// knownRun copies the slots of the first blocks that are known, until one is not, and returns
// their number. It notes that they are used.
func (f *File) knownRun(first int64, slots []slot) int {
	now := f.seconds()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range slots {
		s, ok := f.known[first+int64(i)]
		if !ok {
			return i
		}
		slots[i] = s
		if now >= s.used+touchEvery {
			f.touch(first+int64(i), s, now)
		}
	}
	return len(slots)
}

// stillThere returns how many of the first slots are the same in the table. ok is false if it can't
// be read.
func (f *File) stillThere(first int64, slots []slot, now bool) (same int, ok bool) {
	if f.mapped != nil {
		if same, ok := sameMapped(f.mapped, first, slots); ok {
			return same, true
		}
	}
	raw := rawSlots.Get().(*[runBlocks * slotSize]byte)
	defer rawSlots.Put(raw)
	b := raw[:len(slots)*slotSize]
	if !readFull(f.table, b, headerSize+first*slotSize, now) {
		return 0, false
	}
	for i := range slots {
		if !parseSlot(b[i*slotSize:]).same(slots[i]) {
			return i, true
		}
	}
	return len(slots), true
}

var rawSlots = sync.Pool{New: func() any { return new([runBlocks * slotSize]byte) }}

// forget makes blocks unknown, unless another goroutine has found out more meanwhile.
func (f *File) forget(first int64, slots []slot) {
	if len(slots) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, s := range slots {
		if s.same(f.known[first+int64(i)]) {
			delete(f.known, first+int64(i))
		}
	}
}

// learn makes a block known. If many blocks that are known were removed by other processes, it
// forgets all of them.
func (f *File) learn(block int64, s slot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int64(len(f.known)) > f.dir.limit/BlockSize+1024 {
		clear(f.known)
	}
	f.known[block] = s
}

// Load reads a block that another process or an earlier one may have stored. It returns false if it
// is absent. A block that is not what was stored is removed. data must have the block's length.
func (f *File) Load(block int64, data []byte) bool {
	s, err := f.slot(block)
	if err != nil || !s.present() {
		return false
	}
	if !readFull(f.data, data, block*BlockSize, false) || f.sum(block, data) != s.sum {
		f.remove(block, s)
		return false
	}
	f.learn(block, s)
	return true
}

// touchEvery is how many seconds pass before the time of use of a block is written again.
const touchEvery = 60

func (f *File) seconds() uint32 { return uint32(f.dir.now().Unix()) }

// touch notes that a known block is used. f.mu is held.
func (f *File) touch(block int64, s slot, now uint32) {
	s.used = now
	f.known[block] = s
	f.touched = append(f.touched, block)
	if len(f.touched) == 1 {
		f.writers.Go(f.writeTimes)
	}
}

// writeTimes writes the times of use of the blocks that were touched. It needs no lock: a time
// without a block is of no effect.
func (f *File) writeTimes() {
	for done := 0; ; {
		f.mu.Lock()
		if done == len(f.touched) {
			f.touched = nil
			f.mu.Unlock()
			return
		}
		block := f.touched[done]
		s := f.known[block]
		f.mu.Unlock()
		done++
		if s.present() {
			_ = f.put(f.table, s.append(nil)[12:], headerSize+block*slotSize+12)
		}
	}
}

// Has reports whether a block was stored and known to be right when this process last looked.
func (f *File) Has(block int64) bool {
	_, ok := f.knownSlot(block)
	return ok
}
