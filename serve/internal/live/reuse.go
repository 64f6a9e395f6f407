package live

import (
	"bytes"
	"io"
	"slices"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// found is a file whose content a layer has already, since an earlier one had the same.
type found struct {
	content
	layer *Layer
}

// reuse looks for files in layers, the newest first, by path and content: most builds write most
// files as they were. To read and compare one takes a tenth of the time of compressing it.
func (d *Dir) reuse(
	root *plain.Dir, files []content, layers []*Layer,
) (reused []found, rest []content) {
	same := comparer{}
	for _, c := range files {
		if l := d.holder(root, c, layers, &same); l != nil {
			reused = append(reused, found{c, l})
		} else {
			rest = append(rest, c)
		}
	}
	return reused, rest
}

// holder returns the layer that has the content of a file, or nil.
func (d *Dir) holder(root *plain.Dir, c content, layers []*Layer, same *comparer) *Layer {
	for _, l := range slices.Backward(layers) {
		if d.ctx.Err() != nil {
			return nil
		}
		x := l.Archive.Tar().Index()
		i, ok, err := x.Lookup(c.path)
		if err != nil || !ok {
			continue
		}
		e, err := x.Entry(i)
		if err == nil && e.Type == sidecar.TypeFile && e.Size == c.stamp.Size &&
			same.file(root, c, l.Archive.Tar(), i) {
			return l
		}
	}
	return nil
}

// comparer compares files with entries of archives.
type comparer struct {
	a, b [64 << 10]byte
}

// file reports whether a file has its stamp, and the content of entry i of an archive.
func (m *comparer) file(root *plain.Dir, c content, a *tarpack.Archive, i int) bool {
	f, err := open(root, c.path)
	if err != nil {
		return false
	}
	defer f.Close()
	if now, err := changetime.Stat(f); err != nil || now != c.stamp {
		return false
	}
	packed, err := a.OpenContent(i)
	if err != nil {
		return false
	}
	defer packed.Close()
	for left := c.stamp.Size; left > 0; {
		n := min(left, int64(len(m.a)))
		_, err := io.ReadFull(f, m.a[:n])
		_, err2 := io.ReadFull(packed, m.b[:n])
		if err != nil || err2 != nil || !bytes.Equal(m.a[:n], m.b[:n]) {
			return false
		}
		left -= n
	}
	now, err := changetime.Stat(f)
	return err == nil && now == c.stamp
}

// placeReused notes what reuse has found, also in the records.
func (d *Dir) placeReused(reused []found) {
	byLayer := map[*Layer][]content{}
	for _, f := range reused {
		byLayer[f.layer] = append(byLayer[f.layer], f.content)
	}
	for l, contents := range byLayer {
		d.catalog.place(contents, l)
		// Without a new record, the files are compared again after a restart.
		_ = writeRecord(l, d.catalog.in(l))
	}
}

// in returns the files that are in a layer.
func (c *catalog) in(l *Layer) (contents []content) {
	for _, f := range c.snapshot() {
		for i := range f.entries {
			if e := &f.entries[i]; e.layer == l {
				contents = append(contents, content{join(f.path, e.name), e.stamp})
			}
		}
	}
	return contents
}

// load opens the layers of an earlier Dir. Those that can't be used are removed.
func (d *Dir) load() {
	if d.store == nil {
		return
	}
	for _, name := range d.store.archives() {
		digest, contents, err := readRecord(name)
		if err == nil {
			var a Archive
			if a, err = d.c.Open(d.ctx, name); err == nil {
				if l := (&Layer{Archive: a, name: name, stamps: contents}); l.digest() == digest {
					l.measure()
					d.layers = append(d.layers, l)
					continue
				}
				a.Release()
			}
		}
		removeFiles(name)
	}
}

// placeLoaded notes what the layers of an earlier Dir have.
func (d *Dir) placeLoaded() {
	d.mu.Lock()
	layers := slices.Clone(d.layers)
	if d.scanned {
		layers = nil
	}
	d.mu.Unlock()
	for _, l := range layers {
		d.catalog.place(l.stamps, l)
		l.stamps = nil
	}
}
