package sparse

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/internal/osfile"
)

// ErrGone is the error of Store if the files were removed.
var ErrGone = errors.New("the files of the cache were removed")

// Store stores a block as unproven. On a full disk it first removes others, those that were not
// used for long. If it fails, the caller has to do without; nothing is damaged.
func (f *File) Store(block int64, data []byte) error {
	f.change.Lock()
	defer f.change.Unlock()
	fi, err := f.data.Stat()
	if err == nil && osfile.Links(f.data, fi) == 0 {
		err = fmt.Errorf("%s: %w", f.dir.name, ErrGone)
	}
	if err == nil {
		err = f.dir.makeRoom(int64(len(data)))
	}
	if err != nil {
		return err
	}
	err = f.store(block, data)
	if isFull(err) {
		f.dir.giveWay()
		err = f.store(block, data)
	}
	if err != nil && !errors.Is(err, errPinned) {
		f.dir.pauseFor(err)
	}
	return err
}

// isFull reports whether there is no room on the disk, or not for this user.
func isFull(err error) bool {
	return osfile.IsFull(err)
}

// errPinned means that a block can't be replaced, as it is being sent.
var errPinned = fmt.Errorf("%w: the block is being sent", ErrBusy)

func (f *File) store(block int64, data []byte) error {
	unlock, err := f.files.lock()
	if err != nil {
		return err
	}
	defer unlock()
	old, err := f.slot(block)
	if err != nil {
		return err
	}
	s := slot{sum: f.sum(block, data), tag: newTag(unproven), used: f.seconds()}
	if old.present() {
		if old.sum == s.sum && f.holds(block, data) { // another process was faster
			f.learn(block, old)
			return nil
		}
		// Its slot is cleared first, so no reader takes the new bytes for the old ones.
		if lockRange(f.data, block*BlockSize, BlockSize, true) != nil {
			return errPinned
		}
		defer unlockRange(f.data, block*BlockSize, BlockSize)
		if err := f.clearSlots(block, 1); err != nil {
			return err
		}
	}
	if err := f.put(f.data, data, block*BlockSize); err != nil {
		_ = f.punch(block, 1)
		return err
	}
	if err := f.setSlot(block, s); err != nil {
		return err
	}
	f.learn(block, s)
	return nil
}

// holds reports whether the data file holds these bytes of a block.
func (f *File) holds(block int64, data []byte) bool {
	b := make([]byte, len(data))
	return readFull(f.data, b, block*BlockSize, false) && bytes.Equal(b, data)
}

// remove removes a block whose bytes are wrong, if its slot is still s.
func (f *File) remove(block int64, s slot) {
	f.change.Lock()
	defer f.change.Unlock()
	unlock, err := f.files.lock()
	if err != nil {
		return
	}
	defer unlock()
	if now, err := f.slot(block); err == nil && now.same(s) {
		f.discard(block, 1)
	}
}

// discard makes blocks absent, and frees their space unless somebody sends them. The table is
// locked.
func (f *File) discard(first, n int64) {
	free := lockRange(f.data, first*BlockSize, n*BlockSize, true) == nil
	if f.clearSlots(first, n) == nil && free {
		_ = f.punch(first, n)
	}
	if free {
		unlockRange(f.data, first*BlockSize, n*BlockSize)
	}
}
