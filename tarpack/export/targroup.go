package export

import (
	"errors"
	"fmt"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// A rebuiltGroup replaces a group of the archive in an export. It has groups, and files that were
// hard links.
type rebuiltGroup struct {
	spans     []Span
	length    int64
	locations map[string]location // by path, relative to the beginning
}

// A location is the offset and the length of a header member.
type location struct {
	off    int64
	length int32
}

// keptGroups is how many rebuilt groups are remembered. Most exports have two.
const keptGroups = 64

// rebuild returns the replacement of the group at off.
func (t *tarLayout) rebuild(off int64, length int32) (*rebuiltGroup, error) {
	t.mu.Lock()
	g := t.rebuilt[off]
	t.mu.Unlock()
	if g != nil {
		return g, nil
	}
	headers, err := readGroup(t.d.a, off, length)
	if err != nil {
		return nil, err
	}
	g = &rebuiltGroup{locations: map[string]location{}}
	if err := g.build(t.d, headers); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rebuilt) >= keptGroups {
		clear(t.rebuilt)
	}
	t.rebuilt[off] = g
	return g, nil
}

// readGroup reads the headers of a group out of the archive, which alone knows the owners.
func readGroup(a *tarpack.Archive, off int64, length int32) ([]format.GroupHeader, error) {
	fail := func(err error) error { return fmt.Errorf("group at offset %d: %w", off, err) }
	g, err := format.ReadGroup(a.Source(), off, int(length))
	if errors.Is(err, io.EOF) {
		return nil, fail(truncated(a, err))
	}
	if err != nil {
		return nil, fail(err)
	}
	var headers []format.GroupHeader
	for h, err := range g.Headers() {
		if err != nil {
			return nil, fail(err)
		}
		headers = append(headers, h)
	}
	return headers, nil
}

// build adds the headers that belong to the folder, in order. Hard links that become files come
// after the other links of their directory, so that groups stay large.
func (g *rebuiltGroup) build(d *folder, headers []format.GroupHeader) error {
	var group, files []format.GroupHeader
	flush := func() error {
		g.addGroup(group)
		for i := range files {
			if err := g.addFile(d, &files[i]); err != nil {
				return err
			}
		}
		group, files = group[:0], files[:0]
		return nil
	}
	for _, h := range headers {
		inside, err := d.contains(h.Path)
		linked := true // the target of a link is in the export
		if err == nil && h.Type == sidecar.TypeHardlink {
			linked, err = d.contains(h.Link)
		}
		if err != nil {
			return err
		}
		switch {
		case !inside:
		case !linked:
			files = append(files, h)
		default:
			if h.Type == sidecar.TypeDir && len(files) > 0 {
				if err := flush(); err != nil {
					return err
				}
			}
			group = append(group, h)
		}
	}
	return flush()
}

// addGroup adds a group with these headers.
func (g *rebuiltGroup) addGroup(headers []format.GroupHeader) {
	if len(headers) == 0 {
		return
	}
	var blocks []byte
	for i := range headers {
		blocks = append(blocks, headers[i].Blocks...)
	}
	extra := format.DuplicateBits(len(headers), func(i int) bool { return headers[i].Duplicate })
	member := appendMember(nil, blocks, extra)
	for i := range headers {
		g.locations[headers[i].Path] = location{g.length, int32(len(member))}
	}
	g.add(Span{Bytes: member})
}

// addFile adds the file that replaces a hard link: a new header, then content and padding of the
// target.
func (g *rebuiltGroup) addFile(d *folder, link *format.GroupHeader) error {
	i, ok, err := d.x.Lookup(link.Link)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %q is a link to %q, which is not there",
			sidecar.ErrCorrupt, link.Path, link.Link)
	}
	e, err := d.x.Entry(i)
	if err != nil {
		return err
	}
	if e.Type != sidecar.TypeFile {
		return fmt.Errorf("%w: %q is a hard link to a %v", sidecar.ErrCorrupt, link.Path, e.Type)
	}
	h := link.Header
	h.Type, h.Link, h.Size = sidecar.TypeFile, "", e.Size
	blocks, err := format.AppendHeader(nil, &h)
	if err != nil {
		return err
	}
	member := gzmember.AppendTarHeader(nil, blocks)
	g.locations[link.Path] = location{g.length, int32(len(member))}
	g.add(Span{Bytes: member})
	if n := e.ContentLen + int64(e.PadLen); n > 0 {
		g.add(Span{Offset: e.ContentOffset(), Length: n})
	}
	return nil
}

func (g *rebuiltGroup) add(s Span) {
	g.spans = append(g.spans, s)
	g.length += s.Len()
}

// appendParents makes the group of the directories above the folder.
func (t *tarLayout) appendParents() error {
	var headers []format.GroupHeader
	for end, c := range t.d.path {
		if c != '/' {
			continue
		}
		dir := t.d.path[:end]
		i, ok, err := t.d.x.Lookup(dir)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("%w: there is no directory %q", sidecar.ErrCorrupt, dir)
		}
		e, err := t.d.x.Entry(i)
		if err != nil {
			return err
		}
		h, err := headerOf(t.d.a, &e, dir)
		if err != nil {
			return err
		}
		headers = append(headers, h)
		t.parentPaths = append(t.parentPaths, dir)
	}
	g := &rebuiltGroup{locations: map[string]location{}}
	for len(headers) > 0 { // a path of 16,384 bytes has more parents than fit into a group
		n, size := 0, 0
		for n < len(headers) && size+len(headers[n].Blocks) <= format.MaxHeader {
			size += len(headers[n].Blocks)
			n++
		}
		g.addGroup(headers[:n])
		headers = headers[n:]
	}
	for _, s := range g.spans {
		t.parents = append(t.parents, s.Bytes...)
	}
	t.parentLocations = g.locations
	return nil
}

// headerOf reads the header of an entry that stands in a group.
func headerOf(a *tarpack.Archive, e *sidecar.Entry, path string) (format.GroupHeader, error) {
	headers, err := readGroup(a, e.Offset, e.HeaderLen)
	if err != nil {
		return format.GroupHeader{}, err
	}
	for _, h := range headers {
		if h.Path == path {
			return h, nil
		}
	}
	return format.GroupHeader{}, fmt.Errorf("%w: %q is not in the group at offset %d",
		sidecar.ErrCorrupt, path, e.Offset)
}

// errNotInExport: the index does not agree with the groups of the archive.
var errNotInExport = fmt.Errorf(
	"%w: an entry is not in the group that the index says it is in", sidecar.ErrCorrupt)
