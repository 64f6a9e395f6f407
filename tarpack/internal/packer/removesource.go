package packer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// fingerprint sums up an entry as it was packed, so that what has changed since can be told apart. withCtime is for what has one name: times can be
// put back, but not that of the change; that of a file with several names changes as these are removed.
func fingerprint(e *tree.Entry, withCtime bool) uint64 {
	st := durable.StatOf(e.Info)
	b := []byte(e.Path())
	if withCtime {
		b = binary.LittleEndian.AppendUint64(append(b, 0), uint64(durable.CtimeOf(e.Info)))
	}
	b = binary.LittleEndian.AppendUint64(b, st.Dev)
	b = binary.LittleEndian.AppendUint64(b, st.Ino)
	b = binary.LittleEndian.AppendUint64(b, uint64(e.Info.Mode()))
	if e.Typ != sidecar.TypeDir { // a directory changes as its files are removed
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Info.Size()))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Info.ModTime().UnixNano()))
	}
	return xxhash.Sum64(b)
}

// notePacked remembers an entry that is packed, to be removed.
func (p *Packer) notePacked(e *tree.Entry) {
	p.packed[fingerprint(e, e.Typ != sidecar.TypeDir && durable.StatOf(e.Info).Nlink < 2)] = struct{}{}
}

// wasPacked tells whether an entry is still as notePacked saw it.
func (p *Packer) wasPacked(e *tree.Entry) bool {
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
func (p *Packer) RemovePacked(ctx context.Context, t *tree.Tree) (int64, error) {
	var removed int64
	var kept []error
	more := 0 // of them, that are only counted
	var dirs []string
	w := p.Walker()
	w.Notice = func(error) {} // all was said while packing
	w.Entry = func(e tree.Entry) error {
		defer e.Dir.Release()
		if !p.wasPacked(&e) {
			if len(kept) == namedKept {
				more++
				return nil
			}
			kept = append(kept, tree.Error(e.Path(), fmt.Errorf("%w: not removed", format.ErrChanged)))
			return nil
		}
		if e.Typ == sidecar.TypeDir {
			dirs = append(dirs, e.Path())
			return nil
		}
		if err := e.Dir.Root.Remove(e.Name); err != nil {
			return fmt.Errorf("%w: %s", tree.Error(e.Path(), err), notRemoved)
		}
		removed++
		return nil
	}
	w.EndDir = func() error { return nil }
	if err := w.Walk(ctx, t); err != nil {
		return removed, err
	}
	for i := len(dirs) - 1; i >= 0; i-- { // the deepest first
		err := t.Root.Remove(dirs[i])
		if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, fs.ErrExist) {
			continue // something in it was not packed, or was kept
		}
		if err != nil {
			return removed, fmt.Errorf("%w: %s", tree.Error(dirs[i], err), notRemoved)
		}
		removed++
	}
	if more > 0 {
		kept = append(kept, fmt.Errorf("%d more: %w: not removed", more, format.ErrChanged))
	}
	return removed, errors.Join(kept...)
}
