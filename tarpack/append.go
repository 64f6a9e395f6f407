package tarpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// ErrAppend means that a path can't be appended: a later entry would not be extracted as it should be.
var ErrAppend = errors.New("nothing can be appended to it")

// A growth is an archive that grows in place. FORMAT.md 1.5 has the order in which everything becomes durable: a note that
// it is about to grow; the new members with their T, and
// the new sidecar under its temporary name; then the last bytes of the old T, which make it F; then the sidecar's rename.
type growth struct {
	f      *os.File
	old    Trailer
	marked bool // F is written, or part of it
}

// needSidecar makes the sidecar of an archive that has none: it tells where the archive ends as long as it grows.
func needSidecar(ctx context.Context, name string, o EditOptions) error {
	if fi, err := os.Stat(name); err != nil {
		return err
	} else if !fi.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", name, ErrNotRegular)
	}
	if o.DryRun {
		return nil
	}
	if err := heal(name); err != nil {
		return err
	}
	a, err := OpenContext(ctx, name, &OpenOptions{NoIndex: true})
	if err == nil {
		return a.Close()
	}
	if errors.Is(err, ErrNoSidecar) || errors.Is(err, ErrStale) {
		_, err = Reindex(ctx, name, IndexOptions{Workers: o.Workers})
	}
	return err
}

// append adds what the walk finds behind the archive k.
func (r *rewrite) append(ctx context.Context, dst *output, k *keptArchive) (res EditResult, err error) {
	f, err := os.OpenFile(dst.name, os.O_RDWR, 0)
	if err != nil {
		return EditResult{}, err
	}
	g := &growth{f: f, old: k.trailer}
	defer func() {
		if err != nil && !r.committed {
			err = errors.Join(err, g.undo())
		}
		err = errors.Join(err, f.Close())
	}()
	if err := k.isStill(dst.name); err != nil {
		return EditResult{}, err
	}
	if err := dst.writeNote(k.trailer); err != nil {
		return EditResult{}, err
	}
	if _, err := f.Seek(k.size, io.SeekStart); err != nil {
		return EditResult{}, err
	}
	p, err := newPacker(f, r.o.PackOptions)
	if err != nil {
		return EditResult{}, err
	}
	p.out.file = f
	p.out.off, p.out.done = k.size, done{written: k.size, started: k.size}
	p.changes.each = r.o.Change
	if err := p.skipOutput(dst); err != nil {
		return EditResult{}, err
	}
	p.first = func() error { return p.keepAll(ctx, k) }
	m := r.merger(p)
	packed, err := p.run(ctx, m.walk, dst.sidecar)
	if err != nil {
		return EditResult{}, err
	}
	if err := g.mark(dst); err != nil {
		return EditResult{}, err
	}
	r.committed = true
	if err := dst.commitSidecar(); err != nil {
		return EditResult{}, err
	}
	return EditResult{
		Changes: m.changes(), Stats: packed.Stats,
		ArchiveBytes: packed.ArchiveBytes, SidecarBytes: packed.SidecarBytes, Written: true,
	}, nil
}

// mark makes everything new durable, and then the old T an F: from then on the archive is the new one.
func (g *growth) mark(dst *output) error {
	if err := errors.Join(g.f.Sync(), dst.sidecar.Sync()); err != nil {
		return err
	}
	if err := errors.Join(dst.sidecar.Close(), dst.archive.Close()); err != nil {
		return err
	}
	g.marked = true
	if _, err := g.f.WriteAt([]byte(formerTail), g.old.Offset+int64(trailerHead)); err != nil {
		return err
	}
	return g.f.Sync()
}

// undo takes back what was appended. If the old T can't be made safe, nothing is cut off: the archive is the old one, or the new one and whole.
func (g *growth) undo() error {
	if g.marked {
		if err := restoreTrailer(g.f, g.old); err != nil {
			return err
		}
	}
	if err := g.f.Truncate(g.old.Offset + TrailerSize); err != nil {
		return err
	}
	return g.f.Sync() // before the note goes
}

// commitSidecar puts the sidecar of an archive that has grown in its place, and lets go of the lock.
func (o *output) commitSidecar() error {
	err := os.Rename(tempName(o.name+SidecarSuffix), o.name+SidecarSuffix)
	if err != nil {
		err = errors.Join(err, os.Remove(tempName(o.name+SidecarSuffix)))
	} else {
		err = syncDir(filepath.Dir(o.name))
	}
	return errors.Join(err, os.Remove(o.archive.Name()), o.lock.Close())
}

// keepAll makes the entries of an archive those of the new one, where they are, and what new files may become links to.
func (p *packer) keepAll(ctx context.Context, k *keptArchive) error {
	links, err := k.duplicates()
	if err != nil {
		return err
	}
	closed := 0 // entries with an ordinal below are where an extracting user can't go
	for row, err := range k.index.All(0, k.index.Len()) {
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
		it := build.Item{Entry: row.Entry, Path: string(row.Path)}
		switch e := &row.Entry; e.Type {
		case sidecar.TypeSymlink, sidecar.TypeHardlink:
			it.Link, err = k.index.Link(row.Ordinal)
		case sidecar.TypeDir:
			if e.Mode&0o100 == 0 {
				closed = max(closed, int(e.End))
			}
		case sidecar.TypeFile:
			if err = k.segments(uint32(row.Ordinal), &it); err == nil && row.Ordinal >= closed {
				err = p.offer(k, &it, uint32(row.Ordinal), links[uint32(row.Ordinal)])
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		if err := p.builder.Add(it); err != nil {
			return err
		}
	}
	return nil
}

// duplicates counts the links that were made of duplicates, by file.
func (k *keptArchive) duplicates() (map[uint32]int, error) {
	links := map[uint32]int{}
	if k.index.Stats().Duplicates == 0 {
		return links, nil
	}
	for row, err := range k.index.All(0, k.index.Len()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		if row.Entry.Duplicate {
			links[row.Entry.Target]++
		}
	}
	return links, nil
}

// offer makes file i of an archive, to which so many duplicates are linked, a target for later ones.
func (p *packer) offer(k *keptArchive, it *build.Item, i uint32, links int) error {
	if it.Size == 0 || links >= maxLinks || p.dedup.mode == DedupOff {
		return nil
	}
	if it.Size > inMemory {
		p.dedup.bigSizes[it.Size] = true
	}
	key := p.dedup.key(it.Hash, it.Size, it.Mode, it.ModTime)
	w := &written{path: it.Path, kept: keptRef{from: k, i: i, file: i}}
	if err := p.dedup.add(key, w); err != nil {
		return err
	}
	if links > 0 {
		p.dedup.copies.linkedLast(key, links)
	}
	return nil
}

// A seal says what an extracting user who is not root can't do in a directory that was complete before: its mode is restored by then.
type seal struct{ enter, write bool }

// below is the seal of a directory of the archive in one that has this seal.
func (s seal) below(mode uint16) seal {
	return seal{enter: s.enter || mode&0o100 == 0, write: mode&0o200 == 0}
}

// check refuses what tar could not extract.
func (s seal) check(dir string) error {
	if !s.enter && !s.write {
		return nil
	}
	return fmt.Errorf("%s: %w: its mode, or that of a directory above, keeps tar from extracting later entries in it", printable(dir), ErrAppend)
}
