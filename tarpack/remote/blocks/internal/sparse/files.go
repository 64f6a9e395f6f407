package sparse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tarpack/tpk/internal/osfile"
)

const (
	prefix      = "blocks-"
	dataSuffix  = ".data"
	tableSuffix = ".table"
	evictName   = "blocks.lock"
)

// magic is how a table begins.
const magic = "tpkblock"

// headerSize is where the slots begin in the table.
const headerSize = 4096

// files are the data file and the table of a generation.
type files struct {
	data, table *os.File
	mapped      []byte // the table; nil if that is not possible
	size        int64  // of the object
	write       func(f *os.File, p []byte, off int64) (int, error)
}

func writeAt(f *os.File, p []byte, off int64) (int, error) { return f.WriteAt(p, off) }

// put writes all of p.
func (f *files) put(file *os.File, p []byte, off int64) error {
	n, err := f.write(file, p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// openFile opens a file of a generation. It follows no link.
func openFile(name string, flags int) (*os.File, error) {
	return osfile.OpenFile(name, os.O_RDWR|osfile.NoFollow|flags, 0o600)
}

func (f *files) close() (err error) {
	if f.mapped != nil {
		err = unmapTable(f.mapped)
		f.mapped = nil
	}
	for _, file := range []*os.File{f.data, f.table} {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}
	return err
}

// blocks returns the number of blocks of an object.
func (f *files) blocks() int64 { return (f.size + BlockSize - 1) / BlockSize }

// tableSize returns the size of the table: whole pages, so that each can be a hole.
func (f *files) tableSize() int64 {
	return (headerSize + f.blocks()*slotSize + headerSize - 1) / headerSize * headerSize
}

// length returns the number of bytes of a block.
func (f *files) length(block int64) int64 { return min(BlockSize, f.size-block*BlockSize) }

// readSlots reads the raw slots of blocks from first on.
func (f *files) readSlots(raw []byte, first int64) error {
	n, err := f.table.ReadAt(raw, headerSize+first*slotSize)
	if n < len(raw) && err == nil {
		err = io.ErrUnexpectedEOF
	}
	if n == len(raw) {
		err = nil
	}
	return err
}

// slot returns the slot of a block.
func (f *files) slot(block int64) (slot, error) {
	var raw [slotSize]byte
	err := f.readSlots(raw[:], block)
	return parseSlot(raw[:]), err
}

// setSlot writes the slot of a block. The table is locked.
func (f *files) setSlot(block int64, s slot) error {
	return f.put(f.table, s.append(nil), headerSize+block*slotSize)
}

// clearSlots makes n blocks absent. The table is locked.
func (f *files) clearSlots(first, n int64) error {
	zeros := make([]byte, min(n, slotsAtOnce)*slotSize)
	for end := first + n; first < end; first += slotsAtOnce {
		part := zeros[:min(end-first, slotsAtOnce)*slotSize]
		if err := f.put(f.table, part, headerSize+first*slotSize); err != nil {
			return err
		}
	}
	return nil
}

// punch frees the space of n blocks.
func (f *files) punch(first, n int64) error {
	return punchHole(f.data, first*BlockSize, n*BlockSize)
}

// slotsAtOnce is how many slots are read or changed at once.
const slotsAtOnce = 4096

// scan calls do for runs of slots, at most slotsAtOnce, which together contain all blocks that are
// stored. raw is valid until do returns.
func (f *files) scan(do func(first int64, raw []byte) error) error {
	buf := make([]byte, slotsAtOnce*slotSize)
	return extents(f.table, headerSize, f.tableSize(), func(from, to int64) error {
		first := max(0, from-headerSize) / slotSize
		end := min(f.blocks(), (to-headerSize+slotSize-1)/slotSize)
		for ; first < end; first += slotsAtOnce {
			raw := buf[:min(end-first, slotsAtOnce)*slotSize]
			if err := f.readSlots(raw, first); err != nil {
				return err
			}
			if err := do(first, raw); err != nil {
				return err
			}
		}
		return nil
	})
}

// runs calls do for runs of neighbouring blocks whose slots are picked.
func runs(first int64, raw []byte, pick func(slot) bool, do func(first, n int64) error) error {
	begin, n := int64(0), int64(len(raw)/slotSize)
	for i := int64(0); i <= n; i++ {
		if i < n && pick(parseSlot(raw[i*slotSize:])) {
			continue
		}
		if i > begin {
			if err := do(first+begin, i-begin); err != nil {
				return err
			}
		}
		begin = i + 1
	}
	return nil
}

// anyOf reports whether one of the slots is picked.
func anyOf(raw []byte, pick func(slot) bool) bool {
	for ; len(raw) > 0; raw = raw[slotSize:] {
		if pick(parseSlot(raw)) {
			return true
		}
	}
	return false
}

// ErrBusy means that another process holds a lock. It passes.
var ErrBusy = errors.New("another process has locked it")

// lock locks the table for a change.
func (f *files) lock() (unlock func(), err error) {
	if err := lockSoon(f.table); err != nil {
		return nil, err
	}
	return func() { _ = osfile.Unlock(f.table) }, nil
}

// lockSoon locks a file exclusively. Other processes hold such a lock for a moment only, but one
// may have been stopped; so lockSoon gives up after a second, with ErrBusy.
func lockSoon(f *os.File) (err error) {
	for range 500 {
		if err = tryLock(f, osfile.Exclusive); !errors.Is(err, ErrBusy) {
			return err
		}
		time.Sleep(2 * time.Millisecond)
	}
	return err
}

// tryLock locks a file. The error is ErrBusy if another descriptor has the lock.
func tryLock(f *os.File, kind osfile.Lock) error {
	ok, err := osfile.TryLock(f, kind)
	if err == nil && !ok {
		err = ErrBusy
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", f.Name(), err)
	}
	return err
}
