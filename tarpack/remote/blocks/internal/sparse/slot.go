package sparse

import (
	"encoding/binary"
	"math/rand/v2"
)

// BlockSize is the size in bytes of each block but the last one.
const BlockSize = 64 << 10

// slotSize is the size of a slot in the table.
const slotSize = 16

// state is what is known of a block.
type state uint32

const (
	absent   state = iota
	unproven       // its bytes are what was received
	proven         // a reader has compared some of them with a checksum of the archive
)

const stateBits = 2

// slot describes a block.
type slot struct {
	sum  uint64
	tag  uint32 // a random number << stateBits, and a state
	used uint32 // seconds since 1970
}

// newTag returns a tag that differs from those of the blocks that were in the slot before. So a
// reader notices that its block was replaced meanwhile.
func newTag(s state) uint32 { return rand.Uint32()&^(1<<stateBits-1) | uint32(s) }

func (s slot) state() state { return state(s.tag & (1<<stateBits - 1)) }

// present reports whether the block is stored.
func (s slot) present() bool { return s.state() == unproven || s.state() == proven }

// same reports whether both describe the same block, as it was stored once.
func (s slot) same(as slot) bool {
	return s.present() && as.present() && s.sum == as.sum && s.tag>>stateBits == as.tag>>stateBits
}

func (s slot) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.sum)
	b = binary.LittleEndian.AppendUint32(b, s.tag)
	return binary.LittleEndian.AppendUint32(b, s.used)
}

func parseSlot(b []byte) slot {
	return slot{
		sum:  binary.LittleEndian.Uint64(b),
		tag:  binary.LittleEndian.Uint32(b[8:]),
		used: binary.LittleEndian.Uint32(b[12:]),
	}
}
