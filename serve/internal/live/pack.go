package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tarpack/tpk/internal/background"
	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/text"
)

const (
	idle       = 5 * time.Second // between two looks for something to pack, at most
	soon       = 50 * time.Millisecond
	retryAfter = time.Minute // after an error
	textMemory = 16 << 20    // for the lists of a text index
)

// packer packs what a Dir has. One goroutine uses it. It packs in others, of low priority, so that
// nothing that requests need is locked by these.
type packer struct {
	d       *Dir
	pending time.Time          // since when something waits to be packed; zero: nothing does
	refused map[string]content // files that can't be packed as they are
	said    string             // the last error, which is not said again
}

// packAll packs what comes and changes, until the Dir is closed.
func (d *Dir) packAll() {
	p := &packer{d: d, refused: map[string]content{}}
	for wait := idle; d.ctx.Err() == nil; {
		select {
		case <-d.ctx.Done():
			return
		case <-d.pack:
			if p.pending.IsZero() {
				p.pending = time.Now()
			}
		case <-time.After(wait):
		}
		wait = p.step(time.Now())
	}
}

// step packs one batch, if it is time for that. It returns when to look again.
func (p *packer) step(now time.Time) time.Duration {
	d := p.d
	d.mu.Lock()
	root, scanned, layers := d.root, d.scanned, slices.Clone(d.layers)
	if root != nil {
		root.Retain()
	}
	d.mu.Unlock()
	if root == nil {
		return idle
	}
	defer root.Release()
	if !scanned {
		return soon
	}
	if d.quiet(now) < calm && !p.pending.IsZero() && now.Sub(p.pending) < patience {
		return soon
	}
	b := d.choose(now, p.refused, layers)
	p.pending = time.Time{}
	if b.wait {
		p.pending = now
	}
	switch {
	case len(b.drop) > 0:
		d.drop(b.drop)
		return soon
	case len(b.files) == 0 && b.wait:
		return soon
	case len(b.files) == 0:
		return idle
	}
	if err := p.run(root, b, layers); err != nil && d.ctx.Err() == nil {
		if now := err.Error(); now != p.said {
			d.c.Notice(d.c.Path + ": some files are not compressed: " + now)
			p.said = now
		}
		return retryAfter
	}
	p.said = ""
	return 0
}

// run packs a batch.
func (p *packer) run(root *plain.Dir, b batch, layers []*Layer) error {
	d := p.d
	if !b.repack {
		reused, rest := lowered(func() ([]found, []content) { return d.reuse(root, b.files, layers) })
		d.placeReused(reused)
		b.files = rest
	}
	used := int64(0)
	for _, l := range layers {
		used += l.bytes
	}
	switch {
	case len(b.files) == 0:
		return nil
	case used > d.store.limit && b.repack:
	case used > d.store.limit:
		if empty := d.empty(layers); len(empty) > 0 {
			d.drop(empty)
			return nil
		}
		return fmt.Errorf("%s: the limit of %d bytes is reached", d.store.dir, d.store.limit)
	}
	l, err := lowered(func() (*Layer, error) { return p.makeLayer(root, b.files) })
	if l == nil || err != nil {
		return err
	}
	d.mu.Lock()
	d.layers = append(d.layers, l)
	d.mu.Unlock()
	d.c.Changed()
	d.catalog.place(l.stamps, l)
	l.stamps = nil
	if b.repack {
		d.drop(d.empty(layers))
	}
	return nil
}

// lowered calls f in a goroutine of low priority.
func lowered[A, B any](f func() (A, B)) (a A, b B) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		background.Lower()
		a, b = f()
	}()
	<-done
	return a, b
}

// makeLayer packs files. Those that change meanwhile are refused. The layer is nil if none is left.
// Its stamps are those of the files that are in it.
func (p *packer) makeLayer(root *plain.Dir, files []content) (l *Layer, err error) {
	d := p.d
	name := d.store.newArchive()
	defer func() {
		if l == nil {
			removeFiles(name)
		}
	}()
	packed, err := d.writeArchive(root, name, files)
	if err != nil {
		return nil, err
	}
	for _, c := range files {
		p.refused[c.path] = c
	}
	for _, c := range packed {
		delete(p.refused, c.path)
	}
	if len(packed) == 0 {
		return nil, nil
	}
	a, err := d.c.Open(d.ctx, name)
	if err != nil {
		return nil, err
	}
	if text.Supported {
		_, err = text.Build(d.ctx, a.Tar(), name+text.Suffix, text.BuildOptions{
			Workers: background.Workers(), Memory: textMemory, Background: true})
	}
	made := &Layer{Archive: a, name: name, stamps: packed}
	if err == nil {
		err = writeRecord(made, packed)
	}
	if err != nil {
		a.Release()
		return nil, err
	}
	made.measure()
	return made, nil
}

// writeArchive packs files, and returns those that are in the archive as they were. If that is
// none, there is no archive.
func (d *Dir) writeArchive(
	root *plain.Dir, name string, files []content,
) (packed []content, err error) {
	w, err := pack.NewWriter(d.ctx, name, pack.WriterOptions{Workers: background.Workers(),
		Background: true, Dedup: format.DedupOff})
	if err != nil {
		return nil, err
	}
	for _, c := range files {
		if d.ctx.Err() != nil {
			return nil, errors.Join(context.Cause(d.ctx), w.Abort())
		}
		if addFile(w, root, c) {
			packed = append(packed, c)
		}
	}
	if len(packed) == 0 {
		return nil, w.Abort()
	}
	return packed, w.Close()
}

// addFile packs a file. It returns false if it is not, or has changed meanwhile. An error of the
// Writer itself is that of its Close, too.
func addFile(w *pack.Writer, root *plain.Dir, c content) bool {
	f, err := open(root, c.path)
	if err != nil {
		return false
	}
	defer f.Close()
	if now, err := changetime.Stat(f); err != nil || now != c.stamp {
		return false
	}
	fi, err := f.Stat()
	if err != nil {
		return false
	}
	err = w.WriteFileFrom(c.path, io.LimitReader(f, c.stamp.Size), c.stamp.Size, fi.Mode().Perm(),
		fi.ModTime())
	if err != nil {
		return false
	}
	now, err := changetime.Stat(f)
	return err == nil && now == c.stamp
}

// empty returns the layers that have no file any more.
func (d *Dir) empty(layers []*Layer) (empty []*Layer) {
	used := map[*Layer]bool{}
	for _, f := range d.catalog.snapshot() {
		for i := range f.entries {
			used[f.entries[i].layer] = true
		}
	}
	for _, l := range layers {
		if !used[l] {
			empty = append(empty, l)
		}
	}
	return empty
}

// drop gives layers up and removes their files. Answers under way finish.
func (d *Dir) drop(layers []*Layer) {
	if len(layers) == 0 {
		return
	}
	d.mu.Lock()
	d.layers = slices.DeleteFunc(d.layers, func(l *Layer) bool { return slices.Contains(layers, l) })
	d.mu.Unlock()
	d.c.Changed()
	for _, l := range layers {
		l.Archive.Release()
		removeFiles(l.name)
	}
}
