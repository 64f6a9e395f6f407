package archivefile

import (
	"errors"
	"os"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A growth is an archive that grows in place. FORMAT.md 1.5 has the order in which everything becomes durable: a note that
// it is about to grow; the new members with their T, and
// the new sidecar under its temporary name; then the last bytes of the old T, which make it F; then the sidecar's rename.
type Growth struct {
	F      *os.File
	Old    format.Trailer
	marked bool // F is written, or part of it
}

// mark makes everything new durable, and then the old T an F: from then on the archive is the new one.
func (g *Growth) Mark(dst *durable.Output) error {
	if err := errors.Join(g.F.Sync(), dst.Sidecar.Sync()); err != nil {
		return err
	}
	if err := errors.Join(dst.Sidecar.Close(), dst.Archive.Close()); err != nil {
		return err
	}
	g.marked = true
	if _, err := g.F.WriteAt([]byte(format.FormerTail), g.Old.Offset+int64(format.TrailerHead)); err != nil {
		return err
	}
	return g.F.Sync()
}

// undo takes back what was appended. If the old T can't be made safe, nothing is cut off: the archive is the old one, or the new one and whole.
func (g *Growth) Undo() error {
	if g.marked {
		if err := restoreTrailer(g.F, g.Old); err != nil {
			return err
		}
	}
	if err := g.F.Truncate(g.Old.Offset + format.TrailerSize); err != nil {
		return err
	}
	return g.F.Sync() // before the note goes
}
