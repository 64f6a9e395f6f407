package rewrite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// EditOptions says how to change an archive. The zero value is usable. Of PackOptions, RemoveFiles is not heeded.
type Options struct {
	packer.Options
	DryRun bool // write nothing, only tell what would change
	// Change, if set, is told of every change, in the order of the archive, always from the same goroutine.
	Change func(kind format.ChangeKind, path string)
}

// EditResult says what has changed, or would.
type Result struct {
	format.Changes
	Stats        sidecar.Stats // of the new archive; zero when none was written
	ArchiveBytes int64
	SidecarBytes int64
	Written      bool // there is a new archive; false as well when nothing was to change
}

// A rewrite makes an archive from layers. Whatever happens there is either the archive that was there before, or the
// new one.
type Rewrite struct {
	O        Options
	Layers   []Layer
	Base     int
	Choose   func(path string, children []*Child) int
	Checksum bool
	Always   bool // also when nothing changes
	Grow     bool // the first layer's archive grows in place

	Committed bool // the output is no longer ours to abort
}

// edit opens the archive name and rewrites it as prepare says, which gets the archive as the first layer and the base. Only one
// process at a time can do that.
func Edit(ctx context.Context, name string, o Options, prepare func(k *base.Archive, r *Rewrite) error) (res Result, err error) {
	if _, err := os.Stat(name); err != nil {
		return Result{}, err
	}
	r := &Rewrite{O: o}
	var dst *durable.Output
	if !o.DryRun {
		if err := archivefile.Recover(name); err != nil {
			return Result{}, err
		}
		if dst, err = durable.Create(name); err != nil {
			return Result{}, err
		}
		defer func() {
			if !r.Committed {
				err = errors.Join(err, dst.Abort())
			}
		}()
	}
	k, err := base.Open(ctx, name, 0, &indexed.Options{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return Result{}, err
	}
	defer k.Close()
	if k.Rest > 0 && !o.DryRun {
		return Result{}, fmt.Errorf("%s: %w", name, &format.UnfinishedError{Trailer: k.Trailer, Rest: k.Rest})
	}
	r.Layers = []Layer{{Kept: k}}
	defer r.closeTrees()
	if err := prepare(k, r); err != nil {
		return Result{}, err
	}
	if o.DryRun {
		return r.Look(ctx, name, false)
	}
	if !r.Always {
		if res, err := r.Look(ctx, name, true); !errors.Is(err, packer.ErrFirstChange) {
			return res, err
		}
	}
	if r.Grow {
		return r.append(ctx, dst, k)
	}
	return r.Write(ctx, dst)
}

func (r *Rewrite) closeTrees() {
	for _, l := range r.Layers {
		if l.Tree != nil {
			l.Tree.Close()
		}
	}
}

// look goes through everything and writes nothing. With first it ends with errFirstChange where the archive would change.
func (r *Rewrite) Look(ctx context.Context, name string, first bool) (Result, error) {
	o := r.O.Options
	if first {
		o.Notice = nil // the run that writes says it
	}
	p := packer.NewDry(o)
	p.Changes = packer.ChangeLog{Each: r.O.Change, First: first}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	p.SkipNames(name)
	m := r.merger(p)
	if _, err := p.Run(ctx, m.Walk, nil); err != nil {
		return Result{}, err
	}
	return Result{Changes: m.changes()}, nil
}

// write writes the new archive and puts it in its place. Until committed is set, dst is the caller's to abort.
func (r *Rewrite) Write(ctx context.Context, dst *durable.Output) (Result, error) {
	p, err := packer.New(dst.Archive, r.O.Options)
	if err != nil {
		return Result{}, err
	}
	p.Out.File = dst.Archive
	p.Changes.Each = r.O.Change
	if err := p.SkipOutput(dst); err != nil {
		return Result{}, err
	}
	m := r.merger(p)
	packed, err := p.Run(ctx, m.Walk, dst.Sidecar)
	if err != nil {
		return Result{}, err
	}
	r.Committed = true
	if err := dst.Commit(); err != nil {
		return Result{}, err
	}
	return Result{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

func (r *Rewrite) merger(p *packer.Packer) *Merger {
	return &Merger{P: p, Layers: r.Layers, Base: r.Base, Choose: r.Choose, checksum: r.Checksum, grow: r.Grow}
}

func (m *Merger) changes() format.Changes {
	c := m.P.Changes.Changes
	c.Ignored = m.ignored
	if m.grow {
		c.Kept = int64(m.Layers[m.Base].Kept.Index.Len())
	}
	return c
}
