package tarpack

import (
	"encoding/binary"
	"io"

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
	path     string
	tree     *sourceTree // that it was read from
	kept     keptRef     // the entry whose content it was copied from; zero: it was read from its tree
	uid, gid int32
	owned    bool // uid and gid are known

	// Where it is among the copies. Zero: not there.
	key uint64
	pos int64
}

// newWritten is the file that an item is about to become.
func newWritten(it *item) *written { return &written{path: it.path(), tree: it.dir.tree} }

// open opens the content again, to compare it.
func (w *written) open() (io.ReadCloser, error) {
	if w.kept.from != nil {
		return w.kept.from.openContent(int(w.kept.file))
	}
	return w.tree.open(w.path)
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
	mode   DedupMode
	copies copies

	// Only the sequencer uses these.
	byInode  map[inode]*written // files with several names in what is packed
	bigSizes map[int64]bool     // sizes of the big files that were written
}

// claim tells whether no content with this key was seen yet, and remembers it as seen. Who claims a
// content compresses it ahead of its turn; the others wait for what the sequencer decides.
func (d *dedup) claim(key uint64) bool {
	return d.mode == DedupOff || d.copies.claim(key)
}

// add remembers a copy that is about to be written.
func (d *dedup) add(key uint64, w *written) error {
	if d.mode == DedupOff {
		return nil
	}
	return d.copies.add(key, w)
}

// forget forgets all copies. Who has claimed a content meanwhile has compressed it for nothing.
func (d *dedup) forget() {
	d.copies.forget()
	d.byInode, d.bigSizes = map[inode]*written{}, map[int64]bool{}
}

// key sums up all that two files must share to become one, but for the owner. It is not 0.
func (d *dedup) key(contentHash uint64, size int64, mode uint16, modTime int64) uint64 {
	var b [32]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], contentHash)
	le.PutUint64(b[8:], uint64(size))
	le.PutUint64(b[16:], uint64(mode))
	if d.mode == DedupStrict {
		le.PutUint64(b[24:], uint64(modTime))
	}
	return max(xxhash.Sum64(b[:]), 1)
}
