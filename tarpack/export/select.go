package export

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// A Range is a range of ordinals of entries: From to To-1.
type Range struct{ From, To int }

// Select lays out the export of some entries of the directory dir; "" is the root. Of a directory
// among the entries the export has everything below it, and of each entry the directories above
// it. ranges must be in order and must not overlap.
//
// A tar.gz has the paths of the archive, as that of a folder. In a zip, paths are relative to dir.
// omit is that of [FolderWithout], or nil. A hard link whose target is not selected becomes a file.
//
// The error wraps sidecar.ErrRange if ranges are not as described or not below dir. The others are
// those of [Folder].
func Select(
	a *tarpack.Archive, dir string, ranges []Range, as Format, omit func(path string) bool,
) (*File, error) {
	d, err := newFolder(a, dir)
	if err != nil {
		return nil, err
	}
	at := d.from
	if dir != "" {
		at++
		d.trim = len(dir) + 1
	}
	for _, r := range ranges {
		if r.From < at || r.From >= r.To || r.To > d.to {
			return nil, fmt.Errorf("entries %d to %d of %q: %w", r.From, r.To, dir, sidecar.ErrRange)
		}
		if at, err = d.choose(r, omit); err != nil {
			return nil, err
		}
	}
	return d.layOut(as, d.choiceTag(as))
}

// choose adds the entries of a range, with what is above and below them. It returns the ordinal
// after the last one.
func (d *folder) choose(r Range, omit func(path string) bool) (end int, err error) {
	path, err := d.x.Path(r.From)
	if err != nil {
		return 0, err
	}
	for i := range len(path) {
		if path[i] != '/' || i < len(d.path) {
			continue
		}
		if err := d.keepAbove(strings.Clone(path[:i])); err != nil {
			return 0, err
		}
	}
	for end = r.From; end < r.To; {
		e, err := d.x.Entry(end)
		if err != nil {
			return 0, err
		}
		if end++; e.Type == sidecar.TypeDir {
			end = int(e.End)
		}
	}
	return end, d.keep(r.From, end, omit)
}

// keepAbove adds a directory above what is chosen, unless the export has it.
func (d *folder) keepAbove(dir string) error {
	i, ok, err := d.x.Lookup(dir)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: there is no directory %q", sidecar.ErrCorrupt, dir)
	}
	if !d.has(i) {
		d.addRun(i, i+1)
	}
	return nil
}

// choiceTag is tag for a choice of entries.
func (d *folder) choiceTag(as Format) uint64 {
	b := []byte("tpk choice")
	b = append(b, layoutVersion, byte(as))
	b = binary.LittleEndian.AppendUint64(b, d.x.Digest())
	b = binary.LittleEndian.AppendUint64(b, uint64(d.trim))
	for _, r := range d.runs {
		b = binary.LittleEndian.AppendUint32(b, uint32(r.from))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.to))
	}
	return xxhash.Sum64(b)
}
