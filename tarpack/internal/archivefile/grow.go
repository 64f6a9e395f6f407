package archivefile

import (
	"errors"
	"os"
	"slices"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Growth is an archive that grows in place (FORMAT.md 1.5). Everything becomes durable in this
// order:
//
//  1. a note that the archive is about to grow
//  2. the new members with their T, and the new sidecar under its temporary name
//  3. the last bytes of the old T, which make it F
//  4. with Indexed, the last bytes of that T, which make it F
//  5. the proper name of the sidecar
type Growth struct {
	F   *os.File       // open for reading and writing
	Old format.Trailer // of the archive before
	// Indexed, if set, is the T between the new members and the index that the archive gets in itself.
	// It becomes F last, so an F before an index shows that all before it was committed.
	Indexed *format.Trailer
	marked  bool   // the end of the old T is overwritten, or part of it
	side    string // the sidecar of the old archive, if it is there only for the growth
}

// WriteSidecar writes the sidecar of the old archive, which has its index in itself. While it grows
// it needs one beside it (FORMAT.md 1.5, step 2).
func (g *Growth) WriteSidecar(dst *durable.Output, index *sidecar.Index) error {
	err := writeSidecar(dst, index, index.Size())
	if err == nil {
		g.side = dst.Name + format.SidecarSuffix
	}
	return err
}

// Mark makes everything new durable and then overwrites the end of the old T. From then on the
// archive is the new one, and with Indexed once the end of that is overwritten as well.
func (g *Growth) Mark(dst *durable.Output) error {
	if err := errors.Join(g.F.Sync(), dst.Sidecar.Sync()); err != nil {
		return err
	}
	if err := errors.Join(dst.Sidecar.Close(), dst.Archive.Close()); err != nil {
		return err
	}
	g.marked = true
	for _, t := range g.trailers() {
		if err := errors.Join(MarkFormer(g.F, t), g.F.Sync()); err != nil {
			return err
		}
	}
	return nil
}

// trailers returns the T that become F, in this order.
func (g *Growth) trailers() []format.Trailer {
	if g.Indexed == nil {
		return []format.Trailer{g.Old}
	}
	return []format.Trailer{g.Old, *g.Indexed}
}

// Abort undoes the growth and aborts dst. If it can't undo it, the note stays, so that the next
// writer does.
func (g *Growth) Abort(dst *durable.Output) error {
	if err := g.undo(); err != nil {
		return errors.Join(err, dst.Leave())
	}
	return dst.Abort()
}

// undo truncates the file to the old archive. If it fails to restore a T it truncates nothing: the
// archive is then the old one, or the new one and complete, perhaps without its index.
func (g *Growth) undo() error {
	if g.marked {
		for _, t := range slices.Backward(g.trailers()) {
			if err := restoreTrailer(g.F, t); err != nil {
				return err
			}
		}
	}
	if err := g.F.Truncate(g.Old.Offset + format.EndSize); err != nil {
		return err
	}
	if err := g.F.Sync(); err != nil || g.side == "" { // before the note is removed
		return err
	}
	return os.Remove(g.side)
}
