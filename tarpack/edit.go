package tarpack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
)

// EditOptions says how to change an archive. The zero value is usable. Of PackOptions, RemoveFiles is not heeded.
type EditOptions struct {
	PackOptions
	DryRun bool // write nothing, only tell what would change
	// Change, if set, is told of every change, in the order of the archive, always from the same goroutine.
	Change func(kind ChangeKind, path string)
}

// EditResult says what has changed, or would.
type EditResult struct {
	Changes
	Stats        sidecar.Stats // of the new archive; zero when none was written
	ArchiveBytes int64
	SidecarBytes int64
	Written      bool // there is a new archive; false as well when nothing was to change
}

// A rewrite makes an archive from layers. Whatever happens there is either the archive that was there before, or the
// new one.
type rewrite struct {
	o        EditOptions
	layers   []layer
	base     int
	choose   func(path string, children []*child) int
	checksum bool
	always   bool // also when nothing changes
	grow     bool // the first layer's archive grows in place

	committed bool // the output is no longer ours to abort
}

// edit opens the archive name and rewrites it as prepare says, which gets the archive as the first layer and the base. Only one
// process at a time can do that.
func edit(ctx context.Context, name string, o EditOptions, prepare func(k *keptArchive, r *rewrite) error) (res EditResult, err error) {
	if _, err := os.Stat(name); err != nil {
		return EditResult{}, err
	}
	r := &rewrite{o: o}
	var dst *output
	if !o.DryRun {
		if err := heal(name); err != nil {
			return EditResult{}, err
		}
		if dst, err = createOutput(name); err != nil {
			return EditResult{}, err
		}
		defer func() {
			if !r.committed {
				err = errors.Join(err, dst.abort())
			}
		}()
	}
	k, err := openKept(ctx, name, 0, &OpenOptions{Workers: o.Workers, Notice: o.Notice})
	if err != nil {
		return EditResult{}, err
	}
	defer k.close()
	if k.rest > 0 && !o.DryRun {
		return EditResult{}, fmt.Errorf("%s: %w", name, &unfinishedError{k.trailer, k.rest})
	}
	r.layers = []layer{{kept: k}}
	defer r.closeTrees()
	if err := prepare(k, r); err != nil {
		return EditResult{}, err
	}
	if o.DryRun {
		return r.look(ctx, name, false)
	}
	if !r.always {
		if res, err := r.look(ctx, name, true); !errors.Is(err, errFirstChange) {
			return res, err
		}
	}
	if r.grow {
		return r.append(ctx, dst, k)
	}
	return r.write(ctx, dst)
}

func (r *rewrite) closeTrees() {
	for _, l := range r.layers {
		if l.tree != nil {
			l.tree.close()
		}
	}
}

// look goes through everything and writes nothing. With first it ends with errFirstChange where the archive would change.
func (r *rewrite) look(ctx context.Context, name string, first bool) (EditResult, error) {
	o := r.o.PackOptions
	if first {
		o.Notice = nil // the run that writes says it
	}
	p, err := newPacker(nil, o)
	if err != nil {
		return EditResult{}, err
	}
	p.out = nil
	p.changes = changeLog{each: r.o.Change, first: first}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	p.skipNames(name)
	m := r.merger(p)
	if _, err := p.run(ctx, m.walk, nil); err != nil {
		return EditResult{}, err
	}
	return EditResult{Changes: m.changes()}, nil
}

// write writes the new archive and puts it in its place. Until committed is set, dst is the caller's to abort.
func (r *rewrite) write(ctx context.Context, dst *output) (EditResult, error) {
	p, err := newPacker(dst.archive, r.o.PackOptions)
	if err != nil {
		return EditResult{}, err
	}
	p.out.file = dst.archive
	p.changes.each = r.o.Change
	if err := p.skipOutput(dst); err != nil {
		return EditResult{}, err
	}
	m := r.merger(p)
	packed, err := p.run(ctx, m.walk, dst.sidecar)
	if err != nil {
		return EditResult{}, err
	}
	r.committed = true
	if err := dst.commit(); err != nil {
		return EditResult{}, err
	}
	return EditResult{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

func (r *rewrite) merger(p *packer) *merger {
	return &merger{p: p, layers: r.layers, base: r.base, choose: r.choose, checksum: r.checksum, grow: r.grow}
}

func (m *merger) changes() Changes {
	c := m.p.changes.Changes
	c.Ignored = m.ignored
	if m.grow {
		c.Kept = int64(m.layers[m.base].kept.index.Len())
	}
	return c
}
