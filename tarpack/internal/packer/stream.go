package packer

import (
	"context"
	"io"

	"github.com/tarpack/tpk/tarpack/internal/durable"
)

// A Stream is where an archive is written front to back.
type Stream struct {
	Archive io.Writer
	Sidecar io.Writer // gets the sidecar after the archive is complete, unless it is nil
	Shard   bool      // the archive is a shard of a set
}

// Pack writes an archive to the stream. walk submits all entries. After an error the stream has
// received part of an archive. With Options.EmbedIndex there is no sidecar.
func (s Stream) Pack(
	ctx context.Context, o Options, walk func(context.Context, *Packer) error,
) (res Result, err error) {
	w := s.Archive
	held := &HeldTrailer{W: w}
	if o.EmbedIndex {
		w = held
	}
	p, err := New(w, o)
	if err != nil {
		return Result{}, err
	}
	p.Shard = s.Shard
	tmp, err := durable.ScratchFile("") // for the sidecar, whose digest is in the trailer
	if err != nil {
		return Result{}, err
	}
	defer tmp.Close()
	res, err = p.Run(ctx, func(ctx context.Context) error { return walk(ctx, p) }, tmp)
	switch {
	case err != nil:
		return res, err
	case o.EmbedIndex:
		err = held.Embed(ctx, tmp, &res)
	case s.Sidecar != nil:
		_, err = io.Copy(s.Sidecar, io.NewSectionReader(tmp, 0, res.SidecarBytes))
		return res, err
	}
	res.SidecarBytes = 0
	return res, err
}
