// Package sparse keeps blocks of one generation of a remote object in a sparse file. Several
// processes may use the same files at once.
//
//	DIR/blocks-NAME.data   the object; a block that is not stored is a hole. It is locked shared
//	                       while a process uses it, exclusively while it is prepared or removed
//	DIR/blocks-NAME.table  a header of 4 KiB, then a slot of 16 bytes for each block
//	DIR/blocks.lock        locked by the process that evicts
//
// NAME is a hash of what identifies the generation, the size of the object and this layout. A slot
// is little-endian:
//
//	0   8  xxHash64 of the block, with a seed of NAME and the block's number
//	8   4  a random number << 2, and a state: 0 absent, 1 unproven, 2 proven
//	12  4  when the block was last used, in seconds since 1970, to the minute
//
// A block is stored in this order: its old slot is cleared, its bytes are written, its slot is
// written. It is removed in the order slot, bytes. So a killed process never leaves a slot without
// its block, and what a power cut leaves is found out by the hash, as is a file that was edited: a
// process compares the hash of each block before it first uses it.
//
// Readers take no lock. They read bytes, and then slots: if these are still the same, the bytes
// were not removed before. Changes are made with an flock on the table. A part of the data file
// that is lent to sendfile has a shared lock of its range, so that no process removes it meanwhile.
//
//	file.go     File: Open, Close
//	files.go    the data file and the table, and what is done to both
//	slot.go     slots
//	read.go     Read, Load
//	store.go    Store
//	prove.go    Keep, Drop
//	pin.go      Pin
//	room.go     Directory: how many bytes it takes, and when it is time to evict
//	evict.go    removes blocks, the least recently used first
//	recover.go  removes what killed processes left, and unproven blocks
//	hole_*.go   holes and range locks of the system
package sparse
