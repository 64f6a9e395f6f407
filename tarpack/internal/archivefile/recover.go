package archivefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// heal does what a killed writer of the archive name has left undone. Bytes behind the archive are cut off only if its note says that they are of an
// append: they could be anybody's, and then Repair has to be asked. A sidecar that was left complete under its temporary name gets its place,
// if it is that of the archive and the one that is there is not.
func Recover(name string) (err error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if _, err := os.Lstat(format.TempName(name)); err != nil {
		return nil // nobody was killed
	}
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() {
		return nil // not what we can write
	}
	note, lock, err := durable.LockedTemp(name)
	if errors.Is(err, format.ErrLocked) {
		return nil // its writer is alive
	}
	if err != nil {
		return err
	}
	// Both files stay, for who writes next.
	defer func() { err = errors.Join(err, note.Close(), lock.Close()) }()
	a, err := OpenUnread(name)
	if err != nil {
		return err
	}
	defer a.OSFile.Close() // was only read
	if t, ok := readNote(note); ok && a.hasBehind(t) {
		a.EndAt(t)
		if err := a.CutBack(name); err != nil {
			return err
		}
	}
	adoptSidecar(name)
	return nil
}

// noteMark tells a note from a new archive, which a temporary file may be as well.
const NoteMark = "grows\n"

// writeNote notes in the temporary file that the archive with the trailer t is about to grow.
func WriteNote(o *durable.Output, t format.Trailer) error {
	if _, err := o.Archive.WriteAt(append(t.Append(nil), NoteMark...), 0); err != nil {
		return err
	}
	return errors.Join(o.Archive.Sync(), durable.SyncDir(filepath.Dir(o.Name)))
}

// readNote reads what writeNote wrote.
func readNote(f *os.File) (format.Trailer, bool) {
	var b [format.TrailerSize + len(NoteMark) + 1]byte
	if n, err := f.ReadAt(b[:], 0); !errors.Is(err, io.EOF) || string(b[min(n, format.TrailerSize):n]) != NoteMark {
		return format.Trailer{}, false
	}
	t, err := format.ParseTrailer(b[:format.TrailerSize])
	return t, err == nil
}

// hasBehind tells whether something follows an archive that has the trailer t.
func (a *File) hasBehind(t format.Trailer) bool {
	if a.Size <= t.Offset+format.TrailerSize {
		return false
	}
	var b [format.TrailerSize]byte
	if _, err := a.OSFile.ReadAt(b[:], t.Offset); err != nil {
		return false
	}
	now, state := format.ParseTrailerState(b[:])
	return now == t && (state == format.WholeTrailer || state == format.TornTrailer)
}

// cutBack cuts off what follows the archive in its file, whose T may have to be made whole again. Whoever calls it has the lock.
func (a *File) CutBack(name string) (err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := a.IsStill(name); err != nil {
		return err
	}
	if !a.hasRest() {
		return fmt.Errorf("%s: %w", name, format.ErrChanged) // somebody has finished it before we got the lock
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

// hasRest looks again whether the archive ends before its file does.
func (a *File) hasRest() bool {
	b := File{OSFile: a.OSFile, Size: a.Size + a.Rest}
	return b.hasBehind(a.Trailer)
}

// restoreTrailer makes T what it was, on the disk, too: only then is it safe to cut off what follows it.
func restoreTrailer(f *os.File, t format.Trailer) error {
	if _, err := f.WriteAt(t.Append(nil)[format.TrailerHead:], t.Offset+int64(format.TrailerHead)); err != nil {
		return err
	}
	return f.Sync()
}

// adoptSidecar gives a sidecar with a temporary name its place, if it is the right one. Where that fails the archive is indexed, as without.
func adoptSidecar(name string) {
	a, err := Open(name)
	if err != nil {
		return
	}
	defer a.OSFile.Close() // was only read
	if x, _, err := a.OpenSidecar(); err == nil {
		x.Close()
		return
	}
	left := format.TempName(name + format.SidecarSuffix)
	if x, err := a.OpenSidecarAt(left); err == nil {
		x.Close()
		_ = os.Rename(left, name+format.SidecarSuffix)
	}
}
