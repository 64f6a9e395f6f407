// Package dedup finds files that an archive already holds, so that a later one becomes a hard link.
//
//	worker     Key ─► Claim     compress ahead of its turn, unless an equal file is ahead
//	sequencer  Candidates ─► Get ─► (compare the bytes) ─► Linked
//	           or else Add
//
// Equal keys make two files only candidates: the caller compares the bytes. A copy with [MaxLinks]
// links is no candidate any more, so the next duplicate becomes a copy. The answers to calls in the
// order of the archive do not depend on the number of workers.
package dedup

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// MaxLinks is how many duplicates become links to one copy before a fresh copy is written. NTFS
// refuses the 1,025th link to a file, ext4 the 65,001st. The names of one file on disk do not
// count.
const MaxLinks = 1000

// Contents knows the contents that an archive holds. Workers may call Claim and Key; all else is
// for the sequencer alone.
type Contents struct {
	Mode format.DedupMode
	copies
	ByInode  map[durable.Inode]*Copy // files with several names among those that are packed
	BigSizes map[int64]bool          // sizes of the big files that were written
}

// New returns a Contents that knows nothing.
func New(mode format.DedupMode) *Contents {
	return &Contents{Mode: mode, ByInode: map[durable.Inode]*Copy{}, BigSizes: map[int64]bool{}}
}

// Claim reports whether the key is new, and remembers it. A worker that has claimed a key
// compresses the content; the others leave theirs to the sequencer.
func (c *Contents) Claim(key uint64) bool {
	return c.Mode == format.DedupOff || c.claim(key)
}

// Add remembers a copy that is about to be written.
func (c *Contents) Add(key uint64, w *Copy) error {
	if c.Mode == format.DedupOff {
		return nil
	}
	return c.add(key, w)
}

// Forget forgets everything. Contents claimed until then have been compressed for nothing.
func (c *Contents) Forget() {
	c.forget()
	c.ByInode, c.BigSizes = map[durable.Inode]*Copy{}, map[int64]bool{}
}

// Key returns a digest of all that two files must share to become one, except the owner. It is
// never 0.
func (c *Contents) Key(contentHash uint64, size int64, mode uint16, modTime int64) uint64 {
	var b [32]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], contentHash)
	le.PutUint64(b[8:], uint64(size))
	le.PutUint64(b[16:], uint64(mode))
	if c.Mode == format.DedupStrict {
		le.PutUint64(b[24:], uint64(modTime))
	}
	return max(xxhash.Sum64(b[:]), 1)
}
