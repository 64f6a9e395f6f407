package archivefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Recover cleans up after a writer of the archive name that was killed.
//
// It truncates bytes after the trailer only if the writer's note proves that an append left them.
// Other bytes may be from another program, and stay. If only the index of an append was not
// committed, it commits that.
//
// It renames a complete sidecar that still has its temporary name, if that belongs to the archive
// and the present sidecar does not. If the archive has its index in itself, it removes a sidecar
// that does not belong to it.
func Recover(name string) (err error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if _, err := os.Lstat(format.TempName(name)); err != nil {
		return nil // no writer was killed
	}
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() {
		return nil // not writable
	}
	note, lock, err := durable.LockedTemp(name)
	if errors.Is(err, format.ErrLocked) {
		return nil // its writer is alive
	}
	if err != nil {
		return err
	}
	// Both files stay for the next writer.
	defer func() { err = errors.Join(err, note.Close(), lock.Close()) }()
	a, err := OpenUnread(name)
	if err != nil {
		return err
	}
	defer a.OSFile.Close() // opened for reading only: errors lose nothing
	if t, ok := readNote(note); ok && a.hasMoreAfter(t) {
		a.EndAt(t)
		err = a.CutBack(name)
	} else if ok && a.isFormer(t) {
		err = a.commitIndex(name)
	}
	if err != nil {
		return err
	}
	adoptSidecar(name)
	return nil
}

// commitIndex makes F of the T before an index at the end of the file, if it is not F yet. A note
// must have shown that the growth it came with was committed. The caller holds the lock.
func (a *File) commitIndex(name string) (err error) {
	var before *format.UnfinishedError
	if a.Trailer, err = format.ReadTrailer(a.OSFile, a.Size); err != nil {
		return nil // there is none
	}
	if _, err := a.Embedded(); !errors.As(err, &before) {
		return nil
	}
	f, err := osfile.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := a.IsStill(name); err != nil {
		return err
	}
	return errors.Join(MarkFormer(f, before.Trailer), f.Sync())
}

// CutBack truncates the file name to the archive, and makes a torn T whole. The caller holds the
// lock.
func (a *File) CutBack(name string) (err error) {
	f, err := osfile.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := a.IsStill(name); err != nil {
		return err
	}
	if !a.hasRest() {
		return fmt.Errorf("%s: %w", name, format.ErrChanged) // another writer has finished it meanwhile
	}
	if err := restoreTrailer(f, a.Trailer); err != nil {
		return err
	}
	if err := f.Truncate(a.Size); err != nil {
		return err
	}
	a.Rest = 0
	return f.Sync()
}

// hasRest reports whether the file still continues after the archive.
func (a *File) hasRest() bool {
	b := File{OSFile: a.OSFile, Size: a.Size + a.Rest}
	return b.hasMoreAfter(a.Trailer)
}

// restoreTrailer makes T whole, durably. Only after that may what follows be cut off.
func restoreTrailer(f *os.File, t format.Trailer) error {
	tail := t.Append(nil)[format.TrailerHead:]
	if _, err := f.WriteAt(tail, t.Offset+int64(format.TrailerHead)); err != nil {
		return err
	}
	return f.Sync()
}

// adoptSidecar renames a sidecar that has its temporary name if it is the right one. Errors are
// ignored: an archive without a sidecar is still readable.
func adoptSidecar(name string) {
	a, err := Open(name)
	if err != nil {
		return
	}
	defer a.OSFile.Close() // opened for reading only: errors lose nothing
	if x, _, err := a.OpenSidecar(); err == nil {
		x.Close()
		if a.InFile { // an append of that writer needed the sidecar, which no longer fits
			_ = os.Remove(name + format.SidecarSuffix)
		}
		return
	}
	left := format.TempName(name + format.SidecarSuffix)
	if x, err := a.OpenSidecarAt(left); err == nil {
		x.Close()
		_ = osfile.Rename(left, name+format.SidecarSuffix)
	}
}
