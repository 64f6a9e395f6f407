package tarpack

import (
	"encoding/binary"
	"io"
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
	dir      *sourceDir
	name     string
	kept     keptRef  // the entry whose content it was copied from; zero: it was read from dir's tree
	next     *written // of the same key
	links    int32    // duplicates that were made links to it
	uid, gid int32
	owned    bool // uid and gid are known
}

func (w *written) path() string { return w.dir.join(w.name) }

// open opens the content again, to compare it.
func (w *written) open() (io.ReadCloser, error) {
	if w.kept.from != nil {
		return w.kept.from.openContent(w.kept.file)
	}
	return w.dir.tree.open(w.path())
}

// belongsTo tells whether the file has this owner. That of a copied one is looked up only when it is asked for.
func (w *written) belongsTo(uid, gid int) (bool, error) {
	if !w.owned {
		h, err := w.kept.header()
		if err != nil {
			return false, err
		}
		w.setOwner(&h)
	}
	return w.uid == int32(uid) && w.gid == int32(gid), nil
}

func (w *written) setOwner(h *Header) {
	w.uid, w.gid, w.owned = int32(h.UID), int32(h.GID), true
}

// A dedup knows the contents that the archive already has. Equal keys are only a candidate for being equal.
type dedup struct {
	mode DedupMode

	mu    sync.Mutex
	byKey map[uint64]*written // nil: claimed by a worker, not written yet

	// Only the sequencer uses these.
	byInode  map[inode]*written // files with several names in what is packed
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

// candidates returns the copies that were written with this key. The first one that fits is to be tried.
func (d *dedup) candidates(key uint64) *written {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byKey[key]
}

// add remembers a copy that was written. An earlier one goes before it as long as it may have links.
func (d *dedup) add(key uint64, w *written) {
	if d.mode == DedupOff {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if first := d.byKey[key]; first != nil && first.links < maxLinks {
		w.next, first.next = first.next, w
		return
	}
	w.next = d.byKey[key]
	d.byKey[key] = w
}

// key sums up all that two files must share to become one, but for the owner.
func (d *dedup) key(contentHash uint64, size int64, mode uint16, modTime int64) uint64 {
	var b [32]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], contentHash)
	le.PutUint64(b[8:], uint64(size))
	le.PutUint64(b[16:], uint64(mode))
	if d.mode == DedupStrict {
		le.PutUint64(b[24:], uint64(modTime))
	}
	return xxhash.Sum64(b[:])
}
