package packer

import (
	"context"
	"io"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Embed puts the index of the archive that was written to dst into the archive, if the options ask
// for that. Then dst gets no sidecar.
func (r *Result) Embed(ctx context.Context, dst *durable.Output, o *Options) error {
	if !o.EmbedIndex {
		return nil
	}
	t, err := archivefile.Embed(ctx, dst.Archive, r.ArchiveBytes, dst.Sidecar, r.SidecarBytes)
	if err != nil {
		return err
	}
	r.ArchiveBytes, r.Digest = t.Offset+format.EndSize, t.Digest
	dst.NoSidecar = true
	return nil
}

// HeldTrailer is where an archive is written that gets its index in itself and cannot be changed
// afterwards. It holds back the last bytes, which are T in the end.
type HeldTrailer struct {
	W    io.Writer
	held []byte
}

func (h *HeldTrailer) Write(b []byte) (int, error) {
	h.held = append(h.held, b...)
	n := max(0, len(h.held)-format.EndSize)
	if _, err := h.W.Write(h.held[:n]); err != nil {
		return 0, err
	}
	h.held = append(h.held[:0], h.held[n:]...)
	return len(b), nil
}

// Embed writes what follows the bytes written so far, which r describes: a former trailer, the
// index and T.
func (h *HeldTrailer) Embed(ctx context.Context, side io.ReaderAt, r *Result) error {
	t, err := format.ParseTrailer(h.held)
	if err != nil {
		return err
	}
	x, err := format.NewEmbeddedIndex(side, r.SidecarBytes, t)
	if err != nil {
		return err
	}
	former := append(h.held[:format.TrailerHead:format.TrailerHead], format.FormerTail...)
	if _, err := h.W.Write(former); err != nil {
		return err
	}
	x.Context = ctx
	_, err = x.WriteTo(h.W)
	t = x.Trailer()
	r.ArchiveBytes, r.Digest = t.Offset+format.EndSize, t.Digest
	return err
}
