package sparse

import (
	"encoding/binary"
	"os"
	"runtime/debug"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapTable maps a table of so many bytes, or returns nil. What other processes write shows.
func mapTable(f *os.File, size int64) []byte {
	if int64(int(size)) != size {
		return nil
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil { // no room in the address space
		return nil
	}
	return b
}

func unmapTable(b []byte) error { return unix.Munmap(b) }

// sameMapped returns how many of the first slots are the same in a mapped table. It returns false
// if the table was cut short.
func sameMapped(table []byte, first int64, slots []slot) (same int, ok bool) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			ok = false
		}
	}(debug.SetPanicOnFault(true))
	for i := range slots {
		at := headerSize + (first+int64(i))*slotSize
		if at+slotSize > int64(len(table)) {
			return i, false
		}
		raw := [2]uint64{load(table, at), load(table, at+8)}
		var b [slotSize]byte
		binary.NativeEndian.PutUint64(b[:], raw[0])
		binary.NativeEndian.PutUint64(b[8:], raw[1])
		if !parseSlot(b[:]).same(slots[i]) {
			return i, true
		}
	}
	return len(slots), true
}

// load reads eight bytes at once, after all that was read before. at is a multiple of eight.
func load(table []byte, at int64) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&table[at])))
}
