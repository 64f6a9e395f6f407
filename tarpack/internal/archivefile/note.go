package archivefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// noteMark ends a note. A temporary file that is a new archive does not have it there.
const noteMark = "grows\n"

// WriteNote writes a note into the temporary file of the archive: the archive with the trailer t is
// about to grow. The note is durable when it returns.
func WriteNote(o *durable.Output, t format.Trailer) error {
	if _, err := o.Archive.WriteAt(append(t.Append(nil), noteMark...), 0); err != nil {
		return err
	}
	return errors.Join(o.Archive.Sync(), durable.SyncDir(filepath.Dir(o.Name)))
}

// readNote returns the trailer in a note. ok is false if f is not a note, or if the archive must
// not be changed.
func readNote(f *os.File) (t format.Trailer, ok bool) {
	var b [format.EndSize + len(noteMark) + 1]byte
	n, err := f.ReadAt(b[:], 0)
	if !errors.Is(err, io.EOF) || string(b[min(n, format.EndSize):n]) != noteMark {
		return format.Trailer{}, false
	}
	t, err = format.ParseTrailer(b[:format.EndSize])
	return t, err == nil && t.CheckWrite() == nil
}
