package tarpack

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
)

// fingerprint sums up an entry as it was packed, so that what has changed since can be told apart. withCtime is for what has one name: times can be
// put back, but not that of the change; that of a file with several names changes as these are removed.
func fingerprint(e *sourceEntry, withCtime bool) uint64 {
	st := statOf(e.info)
	b := []byte(e.path())
	if withCtime {
		b = binary.LittleEndian.AppendUint64(append(b, 0), uint64(ctimeOf(e.info)))
	}
	b = binary.LittleEndian.AppendUint64(b, st.dev)
	b = binary.LittleEndian.AppendUint64(b, st.ino)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.info.Mode()))
	if e.typ != sidecar.TypeDir { // a directory changes as its files are removed
		b = binary.LittleEndian.AppendUint64(b, uint64(e.info.Size()))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.info.ModTime().UnixNano()))
	}
	return xxhash.Sum64(b)
}

// notePacked remembers an entry that is packed, to be removed.
func (p *packer) notePacked(e *sourceEntry) {
	p.packed[fingerprint(e, e.typ != sidecar.TypeDir && statOf(e.info).nlink < 2)] = struct{}{}
}

// wasPacked tells whether an entry is still as notePacked saw it.
func (p *packer) wasPacked(e *sourceEntry) bool {
	_, ok := p.packed[fingerprint(e, true)]
	if !ok {
		_, ok = p.packed[fingerprint(e, false)]
	}
	return ok
}

// namedKept is how many entries that are not removed an error names. The others are counted.
const namedKept = 10

const notRemoved = "it is packed, and was not removed"

// removePacked removes what was packed and is still as it was then, and the directories that get empty by it. The top
// directory stays. It returns how many entries it removed; what changed since, or came, is named in the error, up to namedKept paths.
func (p *packer) removePacked(ctx context.Context, t *sourceTree) (int64, error) {
	var removed int64
	var kept []error
	more := 0 // of them, that are only counted
	var dirs []string
	w := p.walker()
	w.notice = func(error) {} // all was said while packing
	w.entry = func(e sourceEntry) error {
		defer e.dir.release()
		if !p.wasPacked(&e) {
			if len(kept) == namedKept {
				more++
				return nil
			}
			kept = append(kept, sourceError(e.path(), fmt.Errorf("%w: not removed", ErrChanged)))
			return nil
		}
		if e.typ == sidecar.TypeDir {
			dirs = append(dirs, e.path())
			return nil
		}
		if err := e.dir.root.Remove(e.name); err != nil {
			return fmt.Errorf("%w: %s", sourceError(e.path(), err), notRemoved)
		}
		removed++
		return nil
	}
	w.endDir = func() error { return nil }
	if err := w.walk(ctx, t); err != nil {
		return removed, err
	}
	for i := len(dirs) - 1; i >= 0; i-- { // the deepest first
		err := t.root.Remove(dirs[i])
		if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
			continue // something in it was not packed, or was kept
		}
		if err != nil {
			return removed, fmt.Errorf("%w: %s", sourceError(dirs[i], err), notRemoved)
		}
		removed++
	}
	if more > 0 {
		kept = append(kept, fmt.Errorf("%d more: %w: not removed", more, ErrChanged))
	}
	return removed, errors.Join(kept...)
}
