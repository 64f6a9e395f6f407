//go:build linux || darwin

package mount

import (
	"bytes"
	"fmt"
	"io/fs"

	"github.com/tarpack/tpk/sidecar"
)

// A listing goes through the names of a directory in their order, in all layers that have it.
type listing struct {
	heads   []head
	skipped int // names that the system can't have
}

// head is the next name of one layer.
type head struct {
	layer     *layer
	next, end int // ordinals of what has not been read yet
	i         int
	entry     sidecar.Entry
	name      []byte
	path      []byte
	done      bool
}

// maxName is the length of the longest name in bytes that every kernel takes of a file system
// (FUSE_NAME_LOW_MAX).
const maxName = 1024

// newListing returns the listing of a directory that dirs make up, all of it if after is nil, or
// what follows this entry of it.
func newListing(dirs []place, after *place) (*listing, error) {
	l := &listing{heads: make([]head, len(dirs))}
	for k, d := range dirs {
		h := &l.heads[k]
		h.layer, h.next, h.end = d.layer, d.i+1, d.layer.index.Len()
		if d.i != sidecar.Root {
			e, err := d.layer.index.Entry(d.i)
			if err != nil {
				return nil, err
			}
			h.end = int(e.End)
		}
	}
	if after != nil {
		if err := l.skipTo(dirs, *after); err != nil {
			return nil, err
		}
	}
	for k := range l.heads {
		if err := l.advance(&l.heads[k]); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// skipTo moves all heads behind the name of an entry.
func (l *listing) skipTo(dirs []place, after place) error {
	name, dir := []byte(nil), -1
	for k, d := range dirs {
		if d.layer != after.layer || after.i < l.heads[k].next || after.i >= l.heads[k].end {
			continue
		}
		path, err := d.layer.index.AppendPath(nil, after.i)
		if err != nil {
			return err
		}
		name, dir = path[bytes.LastIndexByte(path, '/')+1:], k
		h := &l.heads[k]
		if prefix, err := dirPath(d); err != nil || len(prefix)+len(name) != len(path) {
			return fmt.Errorf("%w: entry %d is not in directory %d", fs.ErrInvalid, after.i, d.i)
		}
		if err := h.skip(after.i); err != nil {
			return err
		}
	}
	if dir < 0 {
		return fmt.Errorf("%w: there is no entry %d in this directory", fs.ErrInvalid, after.i)
	}
	for k, d := range dirs {
		if k == dir {
			continue
		}
		if err := l.heads[k].seek(d, name); err != nil {
			return err
		}
	}
	return nil
}

// dirPath returns the path of a directory in its archive, with a slash unless it is the root.
func dirPath(d place) ([]byte, error) {
	if d.i == sidecar.Root {
		return nil, nil
	}
	path, err := d.layer.index.AppendPath(nil, d.i)
	return append(path, '/'), err
}

// skip sets next behind entry i and what is below it.
func (h *head) skip(i int) error {
	e, err := h.layer.index.Entry(i)
	if err != nil {
		return err
	}
	h.next = i + 1
	if e.Type == sidecar.TypeDir {
		h.next = max(h.next, int(e.End))
	}
	return nil
}

// seek moves behind a name in d, which need not be there. Paths are in order, so it is found in a
// few steps.
func (h *head) seek(d place, name []byte) error {
	path, err := dirPath(d)
	if err != nil {
		return err
	}
	path = append(path, name...)
	low, high := h.next, h.end
	var at []byte
	for low < high {
		mid := int(uint(low+high) / 2)
		if at, err = h.layer.index.AppendPath(at[:0], mid); err != nil {
			return err
		}
		if sidecar.ComparePaths(at, path) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	h.next = low
	if low == h.end {
		return nil
	}
	if at, err = h.layer.index.AppendPath(at[:0], low); err == nil && bytes.Equal(at, path) {
		err = h.skip(low)
	}
	return err
}

// advance reads the next name of a head.
func (l *listing) advance(h *head) error {
	for h.next < h.end {
		var err error
		if h.entry, err = h.layer.index.Entry(h.next); err != nil {
			return err
		}
		if h.path, err = h.layer.index.AppendPath(h.path[:0], h.next); err != nil {
			return err
		}
		h.i = h.next
		h.name = h.path[bytes.LastIndexByte(h.path, '/')+1:]
		h.next++
		if h.entry.Type == sidecar.TypeDir {
			if int(h.entry.End) > h.end || int(h.entry.End) <= h.i {
				return fmt.Errorf("%w: directory %d ends at entry %d",
					sidecar.ErrCorrupt, h.i, h.entry.End)
			}
			h.next = int(h.entry.End)
		}
		switch {
		case !isName(h.name):
			return fmt.Errorf("%w: entry %d has the name %q", sidecar.ErrCorrupt, h.i, h.name)
		case len(h.name) <= maxName:
			return nil
		}
		l.skipped++
	}
	h.done = true
	return nil
}

// isName reports whether a name may be that of an entry. No name has a slash.
func isName(name []byte) bool {
	return len(name) > 0 && string(name) != "." && string(name) != ".." &&
		bytes.IndexByte(name, 0) < 0
}

// next returns the head with the next name, or nil. Its fields are valid until taken is called with
// it.
func (l *listing) next() *head {
	var least *head
	for k := range l.heads {
		if h := &l.heads[k]; !h.done && (least == nil || bytes.Compare(h.name, least.name) < 0) {
			least = h
		}
	}
	return least
}

// taken moves past the name of a head, in all layers.
func (l *listing) taken(h *head) error {
	for k := range l.heads {
		if other := &l.heads[k]; other != h && !other.done && bytes.Equal(other.name, h.name) {
			if err := l.advance(other); err != nil {
				return err
			}
		}
	}
	return l.advance(h)
}
