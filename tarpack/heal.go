package tarpack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// heal does what a killed writer of the archive name has left undone. Bytes behind the archive are cut off only if its note says that they are of an
// append: they could be anybody's, and then Repair has to be asked. A sidecar that was left complete under its temporary name gets its place,
// if it is that of the archive and the one that is there is not.
func heal(name string) (err error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	if _, err := os.Lstat(tempName(name)); err != nil {
		return nil // nobody was killed
	}
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() {
		return nil // not what we can write
	}
	note, lock, err := lockedTemp(name)
	if errors.Is(err, ErrLocked) {
		return nil // its writer is alive
	}
	if err != nil {
		return err
	}
	// Both files stay, for who writes next.
	defer func() { err = errors.Join(err, note.Close(), lock.Close()) }()
	a, err := openFile(name)
	if err != nil {
		return err
	}
	defer a.file.Close() // was only read
	if t, ok := readNote(note); ok && a.hasBehind(t) {
		a.endAt(t)
		if err := a.cutBack(name); err != nil {
			return err
		}
	}
	adoptSidecar(name)
	return nil
}

// noteMark tells a note from a new archive, which a temporary file may be as well.
const noteMark = "grows\n"

// writeNote notes in the temporary file that the archive with the trailer t is about to grow.
func writeNote(o *output, t Trailer) error {
	if _, err := o.archive.WriteAt(append(t.Append(nil), noteMark...), 0); err != nil {
		return err
	}
	return errors.Join(o.archive.Sync(), syncDir(filepath.Dir(o.name)))
}

// readNote reads what writeNote wrote.
func readNote(f *os.File) (Trailer, bool) {
	var b [TrailerSize + len(noteMark) + 1]byte
	if n, err := f.ReadAt(b[:], 0); !errors.Is(err, io.EOF) || string(b[min(n, TrailerSize):n]) != noteMark {
		return Trailer{}, false
	}
	t, err := ParseTrailer(b[:TrailerSize])
	return t, err == nil
}

// hasBehind tells whether something follows an archive that has the trailer t.
func (a *archiveFile) hasBehind(t Trailer) bool {
	if a.size <= t.Offset+TrailerSize {
		return false
	}
	var b [TrailerSize]byte
	if _, err := a.file.ReadAt(b[:], t.Offset); err != nil {
		return false
	}
	now, state := parseFormer(b[:])
	return now == t && (state == wholeTrailer || state == tornTrailer)
}

// cutBack cuts off what follows the archive in its file, whose T may have to be made whole again. Whoever calls it has the lock.
func (a *archiveFile) cutBack(name string) (err error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := a.isStill(name); err != nil {
		return err
	}
	if !a.hasRest() {
		return fmt.Errorf("%s: %w", name, ErrChanged) // somebody has finished it before we got the lock
	}
	if err := restoreTrailer(f, a.trailer); err != nil {
		return err
	}
	if err := f.Truncate(a.size); err != nil {
		return err
	}
	a.rest = 0
	return f.Sync()
}

// hasRest looks again whether the archive ends before its file does.
func (a *archiveFile) hasRest() bool {
	b := archiveFile{file: a.file, size: a.size + a.rest}
	return b.hasBehind(a.trailer)
}

// restoreTrailer makes T what it was, on the disk, too: only then is it safe to cut off what follows it.
func restoreTrailer(f *os.File, t Trailer) error {
	if _, err := f.WriteAt(t.Append(nil)[trailerHead:], t.Offset+int64(trailerHead)); err != nil {
		return err
	}
	return f.Sync()
}

// adoptSidecar gives a sidecar with a temporary name its place, if it is the right one. Where that fails the archive is indexed, as without.
func adoptSidecar(name string) {
	a, err := openArchive(name)
	if err != nil {
		return
	}
	defer a.file.Close() // was only read
	if x, _, err := a.openSidecar(); err == nil {
		x.Close()
		return
	}
	left := tempName(name + SidecarSuffix)
	if x, err := a.openSidecarAt(left); err == nil {
		x.Close()
		_ = os.Rename(left, name+SidecarSuffix)
	}
}
