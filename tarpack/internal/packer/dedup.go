package packer

import (
	"encoding/binary"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// maxLinks is how many duplicates become links to a copy before a fresh one is written: NTFS refuses the 1,025th link
// to a file, ext4 the 65,001st. Files that were one file on disk stay one, however many names they have.
const MaxLinks = 1000

// A written is a file whose content stands in the archive.
type storedCopy struct {
	path     string
	tree     *tree.Tree // that it was read from
	kept     BaseEntry  // the entry whose content it was copied from; zero: it was read from its tree
	uid, gid int32
	owned    bool // uid and gid are known

	// Where it is among the copies. Zero: not there.
	key uint64
	pos int64
}

// newWritten is the file that an item is about to become.
func newStoredCopy(it *Item) *storedCopy { return &storedCopy{path: it.Path(), tree: it.Dir.Tree} }

// open opens the content again, to compare it.
func (w *storedCopy) open() (io.ReadCloser, error) {
	if w.kept.From != nil {
		return w.kept.From.OpenContent(int(w.kept.file))
	}
	return w.tree.Open(w.path)
}

// belongsTo tells whether the file has this owner. That of a copied one is looked up only when it is asked for.
func (w *storedCopy) belongsTo(uid, gid int) (bool, error) {
	if !w.owned {
		h, err := w.kept.Header()
		if err != nil {
			return false, err
		}
		w.setOwner(&h)
	}
	return w.uid == int32(uid) && w.gid == int32(gid), nil
}

func (w *storedCopy) setOwner(h *format.Header) {
	w.uid, w.gid, w.owned = int32(h.UID), int32(h.GID), true
}

// A dedup knows the contents that the archive already has. Equal keys are only a candidate for being equal.
type dedup struct {
	mode   format.DedupMode
	copies copies

	// Only the sequencer uses these.
	byInode  map[durable.Inode]*storedCopy // files with several names in what is packed
	bigSizes map[int64]bool                // sizes of the big files that were written
}

// claim tells whether no content with this key was seen yet, and remembers it as seen. Who claims a
// content compresses it ahead of its turn; the others wait for what the sequencer decides.
func (d *dedup) claim(key uint64) bool {
	return d.mode == format.DedupOff || d.copies.claim(key)
}

// add remembers a copy that is about to be written.
func (d *dedup) add(key uint64, w *storedCopy) error {
	if d.mode == format.DedupOff {
		return nil
	}
	return d.copies.add(key, w)
}

// forget forgets all copies. Who has claimed a content meanwhile has compressed it for nothing.
func (d *dedup) forget() {
	d.copies.forget()
	d.byInode, d.bigSizes = map[durable.Inode]*storedCopy{}, map[int64]bool{}
}

// key sums up all that two files must share to become one, but for the owner. It is not 0.
func (d *dedup) key(contentHash uint64, size int64, mode uint16, modTime int64) uint64 {
	var b [32]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], contentHash)
	le.PutUint64(b[8:], uint64(size))
	le.PutUint64(b[16:], uint64(mode))
	if d.mode == format.DedupStrict {
		le.PutUint64(b[24:], uint64(modTime))
	}
	return max(xxhash.Sum64(b[:]), 1)
}
