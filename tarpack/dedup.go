package tarpack

import (
	"encoding/binary"
	"path"
	"sync"

	"github.com/cespare/xxhash/v2"
)

// DedupMode says which equal files become hard links to one copy.
type DedupMode int

const (
	// DedupContent asks for the same bytes and permissions (and owner, where owners are kept).
	DedupContent DedupMode = iota
	// DedupStrict asks for the same modification time as well.
	DedupStrict
	// DedupOff writes every copy.
	DedupOff
)

// maxLinks is how many duplicates become links to a copy before a fresh one is written: NTFS refuses the 1,025th link
// to a file, ext4 the 65,001st. Files that were one file on disk stay one, however many names they have.
const maxLinks = 1000

// A written is a file whose content stands in the archive.
type written struct {
	dir, name string
	links     int // duplicates that were made links to it
}

func (w *written) path() string { return path.Join(w.dir, w.name) }

// A dedup knows the contents that the archive already has. Equal keys are only a candidate for being equal.
type dedup struct {
	mode DedupMode

	mu    sync.Mutex
	byKey map[uint64]*written // nil: claimed by a worker, not written yet

	// Only the sequencer uses these.
	byInode  map[inode]*written // files with several names in the tree
	bigSizes map[int64]bool     // sizes of the big files that were written
}

// claim tells whether no content with this key was seen yet, and remembers it as seen. Who claims a
// content compresses it ahead of its turn; the others wait for what the sequencer decides.
func (d *dedup) claim(key uint64) bool {
	if d.mode == DedupOff {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, seen := d.byKey[key]
	if !seen {
		d.byKey[key] = nil
	}
	return !seen
}

// candidate returns the copy that a file with this key may become a link to, or nil.
func (d *dedup) candidate(key uint64) *written {
	d.mu.Lock()
	defer d.mu.Unlock()
	if w := d.byKey[key]; w != nil && w.links < maxLinks {
		return w
	}
	return nil
}

// add remembers a copy that was written. A later one replaces an earlier one, which has all its links.
func (d *dedup) add(key uint64, w *written) {
	if d.mode == DedupOff {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if old := d.byKey[key]; old == nil || old.links >= maxLinks {
		d.byKey[key] = w
	}
}

// key sums up all that two files must share to become one.
func (d *dedup) key(contentHash uint64, h *Header) uint64 {
	var b [48]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], contentHash)
	le.PutUint64(b[8:], uint64(h.Size))
	le.PutUint64(b[16:], uint64(h.Mode))
	le.PutUint64(b[24:], uint64(h.UID))
	le.PutUint64(b[32:], uint64(h.GID))
	if d.mode == DedupStrict {
		le.PutUint64(b[40:], uint64(h.ModTime))
	}
	return xxhash.Sum64(b[:])
}
