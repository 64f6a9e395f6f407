package archivefile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Shrink makes an archive end where it ended before it grew, in place. It is [Growth] in reverse.
// Everything becomes durable in this order:
//
//  1. the sidecar of the smaller archive
//  2. a note that the smaller archive is about to grow, which makes the next writer cut it off
//  3. the last bytes of the former trailer, which make it T: from now on the archive ends there
//  4. the size of the file
type Shrink struct {
	F  *os.File       // open for reading and writing
	To format.Trailer // of the archive as it was, now a former trailer

	// Torn is set by Run if it has failed halfway, and could not restore the archive: the note must
	// stay for the next writer.
	Torn bool
}

// Run shrinks the archive of dst. side is the sidecar of the smaller archive, of size bytes. The
// error wraps format.ErrCorrupt if the archive never was the smaller one.
func (s *Shrink) Run(dst *durable.Output, side io.ReaderAt, size int64) error {
	var b [format.EndSize]byte
	if s.To.Offset < 0 {
		return fmt.Errorf("%s: %w: nothing stands before the index in it", dst.Name, format.ErrCorrupt)
	}
	if _, err := s.F.ReadAt(b[:], s.To.Offset); err != nil {
		return err
	}
	if t, state := format.ParseTrailerState(b[:]); state != format.FormerTrailer || t != s.To {
		return fmt.Errorf("%s: %w: no former trailer stands before the index in it", dst.Name,
			format.ErrCorrupt)
	}
	if err := writeSidecar(dst, side, size); err != nil {
		return err
	}
	remove := func() error { return os.Remove(dst.Name + format.SidecarSuffix) }
	if err := WriteNote(dst, s.To); err != nil {
		return errors.Join(err, remove())
	}
	err := restoreTrailer(s.F, s.To)
	if err == nil {
		err = s.F.Truncate(s.To.Offset + format.EndSize)
	}
	if err != nil {
		if undoErr := errors.Join(MarkFormer(s.F, s.To), s.F.Sync()); undoErr != nil {
			s.Torn = true // it is the one archive or the other, and both have an index
			return errors.Join(err, undoErr)
		}
		return errors.Join(err, remove())
	}
	return s.F.Sync()
}
