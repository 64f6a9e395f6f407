package rewrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// append writes the entries that the walk finds after the end of the archive k, in place.
func (r *Rewrite) append(
	ctx context.Context, dst *durable.Output, k *base.Archive,
) (res Result, err error) {
	if durable.CheckIndexName(dst.Name) != nil {
		return Result{}, fmt.Errorf("%s: %w: its name leaves no room for the .tpi that is there"+
			" meanwhile", dst.Name, format.ErrAppend)
	}
	f, err := osfile.OpenFile(dst.Name, os.O_RDWR, 0)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := k.IsStill(dst.Name); err != nil {
		return Result{}, err
	}
	g := &archivefile.Growth{F: f, Old: k.Trailer}
	defer func() {
		if err != nil && !r.Committed {
			r.Committed = true // what was begun is undone here
			err = errors.Join(err, g.Abort(dst))
		}
	}()
	if k.InFile {
		if err := g.WriteSidecar(dst, k.Index); err != nil {
			return Result{}, err
		}
	}
	if err := archivefile.WriteNote(dst, k.Trailer); err != nil {
		return Result{}, err
	}
	if _, err := f.Seek(k.Size, io.SeekStart); err != nil {
		return Result{}, err
	}
	p, err := packer.New(f, r.Options.Options)
	if err != nil {
		return Result{}, err
	}
	p.Out.File = f
	p.Out.Off, p.Out.Done = k.Size, output.Done{Written: k.Size, Started: k.Size}
	p.Changes.Each = r.Options.Change
	p.Shard = r.Shard
	if err := p.SkipOutput(dst); err != nil {
		return Result{}, err
	}
	p.First = func() error { return p.KeepAll(ctx, k) }
	m := r.merger(p)
	packed, err := p.Run(ctx, m.Walk, dst.Sidecar)
	if err != nil {
		return Result{}, err
	}
	if r.Options.EmbedIndex {
		t, err := format.ReadTrailer(f, packed.ArchiveBytes)
		if err != nil {
			return Result{}, err
		}
		x, err := archivefile.AppendIndex(ctx, f, t, dst.Sidecar, packed.SidecarBytes)
		if err != nil {
			return Result{}, err
		}
		g.Indexed = &t
		packed.ArchiveBytes, dst.NoSidecar = x.Trailer().Offset+format.EndSize, true
	}
	if err := g.Mark(dst); err != nil {
		return Result{}, err
	}
	r.Committed = true
	if err := dst.CommitSidecar(); err != nil {
		return Result{}, err
	}
	return Result{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

// A seal describes a directory whose mode tar has restored before it comes to an appended entry.
// Tar may then be unable to enter the directory, or to write to it, unless it runs as root.
type seal struct{ enter, write bool }

// below returns the seal of a subdirectory with the given mode in the archive.
func (s seal) below(mode uint16) seal {
	return seal{enter: s.enter || mode&0o100 == 0, write: mode&0o200 == 0}
}

// check returns an error if tar could not extract an entry appended to the directory.
func (s seal) check(dir string) error {
	if !s.enter && !s.write {
		return nil
	}
	return fmt.Errorf(
		"%s: %w: its mode, or that of a directory above, keeps tar from extracting later entries in it",
		format.Printable(dir), format.ErrAppend)
}
