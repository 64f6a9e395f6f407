package packer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A fingerprints holds digests of the entries that were packed, to be removed.
type fingerprints map[uint64]struct{}

// fingerprint returns a digest of an entry as it was packed. A file with one name is recognized by
// its ctime as well, because a program can put back the modification time but not the ctime.
// Removing one of several names changes the ctime of the others.
func fingerprint(e *tree.Entry, withCtime bool) uint64 {
	st := durable.StatOf(e.Info)
	b := []byte(e.Path())
	if withCtime {
		b = binary.LittleEndian.AppendUint64(append(b, 0), uint64(changetime.Of(e.Info)))
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

// note remembers an item on disk that is packed.
func (f fingerprints) note(it *Item) {
	if d, ok := it.Source.(*input.Disk); ok {
		f.add(&d.Entry)
	}
}

func (f fingerprints) add(e *tree.Entry) {
	f[fingerprint(e, e.Typ != sidecar.TypeDir && durable.StatOf(e.Info).Nlink < 2)] = struct{}{}
}

// forget takes back a note.
func (f fingerprints) forget(it *Item) {
	if d, ok := it.Source.(*input.Disk); ok {
		delete(f, fingerprint(&d.Entry, true))
		delete(f, fingerprint(&d.Entry, false))
	}
}

// has reports whether an entry is as it was when it was packed.
func (f fingerprints) has(e *tree.Entry) bool {
	_, ok := f[fingerprint(e, true)]
	if !ok {
		_, ok = f[fingerprint(e, false)]
	}
	return ok
}

// namedKept is how many entries that are not removed an error names. The others are only counted.
const namedKept = 10

const notRemoved = "it is packed, and was not removed"

// RemovePacked removes the entries of a tree that were packed and have not changed since, and the
// directories that become empty; the top directory stays. It returns how many entries it removed.
// The error names entries that have changed or are new, up to namedKept of them.
func (p *Packer) RemovePacked(ctx context.Context, t *tree.Tree) (int64, error) {
	var removed int64
	var kept []error
	more := 0 // entries that are only counted
	var dirs []string
	w := p.Walker()
	w.Notice = func(error) {} // the run that packed has sent them
	w.Entry = func(e tree.Entry) error {
		defer e.Dir.Release()
		if p.left[e.Path()] {
			return nil
		}
		if !p.packed.has(&e) {
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
		err := t.Remove(dirs[i])
		if osfile.IsNotEmpty(err) || errors.Is(err, fs.ErrExist) {
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
