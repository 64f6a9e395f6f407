package sparse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// evictTo removes blocks of all generations, the least recently used first, until at most target
// bytes are taken. It leaves those that are pinned. It also removes generations without blocks that
// no process uses. If another process evicts, it waits for that, but not long.
func (d *Directory) evictTo(target int64) {
	lock, err := openFile(filepath.Join(d.name, evictName), os.O_CREATE)
	if err != nil {
		return
	}
	defer lock.Close()
	if lockSoon(lock) != nil {
		return
	}
	excess := d.usage() - target
	if excess <= 0 {
		return
	}
	until := d.lastToGo(excess)
	for _, base := range d.generations() {
		if g := openGeneration(base); g != nil {
			excess -= g.evict(until, excess)
			_ = g.close()
		}
	}
}

// lastToGo returns a time: blocks that were last used then, or before, take so many bytes, or are
// all.
func (d *Directory) lastToGo(excess int64) uint32 {
	blocks := map[uint32]int64{} // by time
	for _, base := range d.generations() {
		if g := openGeneration(base); g != nil {
			_ = g.scan(func(_ int64, raw []byte) error {
				for ; len(raw) > 0; raw = raw[slotSize:] {
					if s := parseSlot(raw); s.present() {
						blocks[s.used]++
					}
				}
				return nil
			})
			_ = g.close()
		}
	}
	var last uint32
	for _, last = range slices.Sorted(maps.Keys(blocks)) {
		if excess -= blocks[last] * BlockSize; excess <= 0 {
			break
		}
	}
	return last
}

// generation is the files of a generation, opened to remove blocks.
type generation struct {
	files
	base string
}

// openGeneration returns nil if the generation is being prepared, or can't be opened.
func openGeneration(base string) *generation {
	g := &generation{base: base, files: files{write: writeAt}}
	if g.open() != nil {
		_ = g.close()
		return nil
	}
	return g
}

func (g *generation) open() (err error) {
	if g.data, err = openFile(g.base+dataSuffix, 0); err != nil {
		return err
	}
	if err := tryLock(g.data, osfile.Shared); err != nil {
		return err
	}
	if !durable.LeadsTo(g.base+dataSuffix, g.data) {
		return ErrBusy
	}
	if g.table, err = openFile(g.base+tableSuffix, 0); err != nil {
		return errors.Join(err, g.removeUnused()) // a killed process has left the rest
	}
	header := make([]byte, 32)
	if _, err := g.table.ReadAt(header, 0); err != nil {
		return errors.Join(err, g.removeUnused())
	}
	g.size = int64(binary.LittleEndian.Uint64(header[24:]))
	fi, err := g.table.Stat()
	if err != nil || g.size < 0 || !bytes.HasPrefix(header, []byte(magic)) ||
		fi.Size() != g.tableSize() {
		return errors.Join(err, ErrBusy, g.removeUnused())
	}
	return nil
}

// evict removes blocks that were not used after a time, until it has freed so many bytes. It
// returns how many it has freed.
func (g *generation) evict(until uint32, excess int64) (freed int64) {
	if excess > 0 && !g.canPunch() {
		return g.evictWhole()
	}
	_ = g.scan(func(first int64, raw []byte) error {
		if freed < excess {
			freed += g.evictSome(first, raw, until, excess-freed)
		}
		return nil
	})
	if g.empty() {
		_ = g.removeUnused()
	}
	return freed
}

// canPunch reports whether the file system can free the space of single blocks. It punches a hole
// behind the object.
func (g *generation) canPunch() bool { return g.punch(g.blocks(), 1) == nil }

// evictWhole removes the generation if no process uses it.
func (g *generation) evictWhole() int64 {
	fi, err := g.data.Stat()
	if err != nil || g.removeUnused() != nil {
		return 0
	}
	return onDisk(fi)
}

// empty reports whether no block is stored.
func (g *generation) empty() bool {
	empty := true
	err := g.scan(func(_ int64, raw []byte) error {
		empty = empty && !anyOf(raw, slot.present)
		return nil
	})
	return empty && err == nil
}

// evictSome does what evict does, for the blocks of a part of the table.
func (g *generation) evictSome(first int64, raw []byte, until uint32, excess int64) (freed int64) {
	victim := func(s slot) bool { return s.present() && s.used <= until }
	if !anyOf(raw, victim) {
		return 0
	}
	unlock, err := g.files.lock()
	if err != nil {
		return 0
	}
	defer unlock()
	if g.readSlots(raw, first) != nil { // now they can't change
		return 0
	}
	_ = runs(first, raw, victim, func(begin, n int64) error {
		if n = min(n, (excess-freed+BlockSize-1)/BlockSize); n > 0 {
			freed += g.free(begin, n)
		}
		return nil
	})
	g.trim(first, raw)
	return freed
}

// trim frees the pages of a part of the table that have no block. The table is locked.
func (g *generation) trim(first int64, raw []byte) {
	const perPage = headerSize / slotSize
	if g.readSlots(raw, first) != nil {
		return
	}
	for page := range slices.Chunk(raw, headerSize) {
		if !anyOf(page, slot.present) {
			_ = punchHole(g.table, headerSize+first*slotSize, headerSize)
		}
		first += perPage
	}
}

// free removes blocks that are not pinned. It returns how many bytes it has freed.
func (g *generation) free(first, n int64) (freed int64) {
	if lockRange(g.data, first*BlockSize, n*BlockSize, true) != nil {
		if n == 1 {
			return 0
		}
		return g.free(first, n/2) + g.free(first+n/2, n-n/2)
	}
	defer unlockRange(g.data, first*BlockSize, n*BlockSize)
	if g.clearSlots(first, n) != nil || g.punch(first, n) != nil {
		return 0
	}
	return n * BlockSize
}

// removeUnused removes the files if no process uses them.
func (g *generation) removeUnused() error {
	if err := tryLock(g.data, osfile.Exclusive); err != nil {
		return err
	}
	return errors.Join(os.Remove(g.base+tableSuffix), os.Remove(g.base+dataSuffix))
}
