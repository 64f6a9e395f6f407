package packer

import (
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// Embed puts the index of the archive that was written to dst into the archive, if the options ask
// for that. Then dst gets no sidecar.
func (r *Result) Embed(dst *durable.Output, o *Options) error {
	if !o.EmbedIndex {
		return nil
	}
	t, err := archivefile.Embed(dst.Archive, r.ArchiveBytes, dst.Sidecar, r.SidecarBytes)
	if err != nil {
		return err
	}
	r.ArchiveBytes, r.Digest = t.Offset+format.EndSize, t.Digest
	dst.NoSidecar = true
	return nil
}
