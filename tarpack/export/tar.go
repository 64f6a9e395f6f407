package export

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"sort"
	"sync"
	"unicode/utf8"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// The tar.gz of a folder has the folder's part of the archive, in the order of the archive. Most of
// it is unchanged. A group is rebuilt if it has an entry outside of the folder, or a hard link with
// a target outside, which becomes a file. To keep the rules of FORMAT.md 1.1, the headers of the
// parent directories come first, and a trailer last.

// A piece is a range of the export.
type piece struct {
	at     int64 // offset in the export
	length int64 // length in the export
	off    int64 // offset in the archive
	group  int32 // length in the archive of the group to rebuild; 0 if the bytes are unchanged
}

// A tarLayout is the layout of a tar.gz. It takes 32 bytes for each rebuilt group and for each gap.
type tarLayout struct {
	d               *folder
	parents         []byte   // the group of the parent directories
	parentPaths     []string // the paths of the parent directories
	parentLocations map[string]location
	pieces          []piece
	size            int64
	entries         int

	digest  func() (uint64, error)
	mu      sync.Mutex
	rebuilt map[int64]*rebuiltGroup // by offset in the archive, at most keptGroups
}

// layOutTar returns the layout of a tar.gz, its size in bytes, and the number of its entries.
func layOutTar(d *folder) (layout, int64, int, error) {
	t := &tarLayout{d: d, rebuilt: map[int64]*rebuiltGroup{}}
	if d.count == d.x.Len() && d.path == "" && d.a.Shards() == 0 { // the whole archive
		t.pieces = []piece{{length: d.a.Size()}}
		return t, d.a.Size(), d.count, nil
	}
	t.digest = sync.OnceValues(t.computeDigest)
	if err := t.appendParents(); err != nil {
		return nil, 0, 0, err
	}
	s, err := survey(d)
	if err != nil {
		return nil, 0, 0, err
	}
	if err := t.cut(s); err != nil {
		return nil, 0, 0, err
	}
	t.entries = d.count + len(t.parentPaths)
	return t, t.size + format.EndSize, t.entries, nil
}

// A groupUse is a group of the archive and the part of it that belongs to the folder.
type groupUse struct {
	off         int64
	length      int32
	blocks      int32 // size of the headers that belong to the folder, in bytes
	mustRebuild bool  // it has an entry or a link target outside of the folder
}

// An extent is a range of the archive.
type extent struct{ off, end int64 }

// A coverage is the part of the archive that the folder covers.
type coverage struct {
	groups []groupUse // by offset, without repetitions
	runs   []extent   // of files and groups, by offset
}

// survey finds the part of the archive that the folder covers.
func survey(d *folder) (*coverage, error) {
	s := &coverage{}
	lo, hi, sum := int64(1<<62), int64(0), int64(0)
	var link []byte
	for row, err := range d.rows(0) {
		if err != nil {
			return nil, err
		}
		e := &row.Entry
		lo, hi = min(lo, e.Offset), max(hi, e.Offset+e.Length())
		if e.Type == sidecar.TypeFile {
			sum += e.Length()
			continue
		}
		g := groupUse{off: e.Offset, length: e.HeaderLen}
		if link, err = d.appendLink(link[:0], &row); err != nil {
			return nil, err
		}
		n, err := headerLength(&row, link)
		if err != nil {
			return nil, err
		}
		g.blocks = int32(n)
		target := int(e.Target)
		g.mustRebuild = e.Type == sidecar.TypeHardlink && !d.has(target)
		if k := len(s.groups) - 1; k >= 0 && s.groups[k].off == g.off {
			s.groups[k].blocks += g.blocks
			s.groups[k].mustRebuild = s.groups[k].mustRebuild || g.mustRebuild
		} else {
			s.groups = append(s.groups, g)
		}
	}
	s.mergeGroups()
	for i := range s.groups {
		sum += int64(s.groups[i].length)
	}
	if sum == hi-lo {
		s.runs = []extent{{lo, hi}}
		return s, nil
	}
	return s, s.gather(d)
}

// mergeGroups sorts the groups and merges those with the same offset.
func (s *coverage) mergeGroups() {
	order.Sort(s.groups, func(a, b groupUse) int { return cmp.Compare(a.off, b.off) })
	merged := s.groups[:0]
	for _, g := range s.groups {
		if k := len(merged) - 1; k >= 0 && merged[k].off == g.off {
			merged[k].blocks += g.blocks
			merged[k].mustRebuild = merged[k].mustRebuild || g.mustRebuild
			continue
		}
		merged = append(merged, g)
	}
	s.groups = merged
}

// gather finds the runs of a folder that is more than one range of the archive. Archives that pack
// has written have none.
func (s *coverage) gather(d *folder) error {
	for i := range s.groups {
		s.runs = append(s.runs, extent{s.groups[i].off, s.groups[i].off + int64(s.groups[i].length)})
	}
	for row, err := range d.rows(0) {
		if err != nil {
			return err
		}
		e := &row.Entry
		if e.Type != sidecar.TypeFile {
			continue
		}
		if k := len(s.runs) - 1; k >= 0 && s.runs[k].end == e.Offset {
			s.runs[k].end += e.Length()
			continue
		}
		s.runs = append(s.runs, extent{e.Offset, e.Offset + e.Length()})
	}
	order.Sort(s.runs, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
	merged := s.runs[:0]
	for _, r := range s.runs {
		if k := len(merged) - 1; k >= 0 && merged[k].end == r.off {
			merged[k].end = r.end
		} else if k >= 0 && r.off < merged[k].end {
			return fmt.Errorf("%w: entries overlap at offset %d", sidecar.ErrCorrupt, r.off)
		} else {
			merged = append(merged, r)
		}
	}
	s.runs = merged
	return nil
}

// appendLink appends the target of a link.
func (d *folder) appendLink(dst []byte, row *sidecar.Row) ([]byte, error) {
	if row.Entry.Type == sidecar.TypeSymlink || row.Entry.Type == sidecar.TypeHardlink {
		return d.x.AppendLink(dst, row.Ordinal)
	}
	return dst, nil
}

// headerLength returns the size of an entry's header in bytes, if its owner needs no PAX record.
// Most headers are a single block.
func headerLength(row *sidecar.Row, link []byte) (int, error) {
	const block, fits, latest = 512, 100, 1 << 33
	e := &row.Entry
	if len(row.Path) < fits && len(link) <= fits && e.ModTime >= 0 && e.ModTime < latest &&
		ascii(row.Path) && ascii(link) {
		return block, nil
	}
	b, err := format.AppendHeader(nil, &format.Header{
		Path: string(row.Path), Link: string(link), Type: e.Type, Mode: e.Mode, ModTime: e.ModTime,
		DevMajor: e.DevMajor, DevMinor: e.DevMinor,
	})
	return len(b), err
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cut makes the pieces: the runs, divided at groups that must be rebuilt.
func (t *tarLayout) cut(s *coverage) error {
	t.size = int64(len(t.parents))
	add := func(p piece) {
		if p.at = t.size; p.length > 0 {
			t.pieces = append(t.pieces, p)
			t.size += p.length
		}
	}
	groups := s.groups
	for _, r := range s.runs {
		from := r.off
		for len(groups) > 0 && groups[0].off < r.end {
			g := groups[0]
			groups = groups[1:]
			if whole, err := t.isUnchanged(&g); err != nil {
				return err
			} else if whole {
				continue
			}
			add(piece{off: from, length: g.off - from})
			n, err := t.rebuild(g.off, g.length)
			if err != nil {
				return err
			}
			add(piece{off: g.off, length: n.length, group: g.length})
			from = g.off + int64(g.length)
		}
		add(piece{off: from, length: r.end - from})
	}
	return nil
}

// isUnchanged reports whether a group can be copied: it has the size of the headers of the folder's
// entries, and so no others.
func (t *tarLayout) isUnchanged(g *groupUse) (bool, error) {
	if g.mustRebuild {
		return false, nil
	}
	var size [4]byte
	if _, err := t.d.a.Source().ReadAt(size[:], g.off+int64(g.length)-int64(len(size))); err != nil {
		return false, truncated(t.d.a, err)
	}
	return binary.LittleEndian.Uint32(size[:]) == uint32(g.blocks), nil
}

// spans implements layout.
func (t *tarLayout) spans(off, end int64, yield func(Span) bool) error {
	if s := (Span{Bytes: t.parents}).clip(0, off, end); s.Len() > 0 && !yield(s) {
		return nil
	}
	k := sort.Search(len(t.pieces), func(i int) bool {
		return t.pieces[i].at+t.pieces[i].length > off
	})
	for _, p := range t.pieces[k:] {
		if p.at >= end {
			return nil
		}
		if p.group == 0 {
			if s := (Span{Offset: p.off, Length: p.length}).clip(p.at, off, end); s.Len() > 0 && !yield(s) {
				return nil
			}
			continue
		}
		g, err := t.rebuild(p.off, p.group)
		if err != nil {
			return err
		}
		at := p.at
		for _, s := range g.spans {
			if s := s.clip(at, off, end); s.Len() > 0 && !yield(s) {
				return nil
			}
			at += s.Len()
		}
	}
	if end > t.size && t.digest != nil {
		digest, err := t.digest()
		if err != nil {
			return err
		}
		b := format.Trailer{
			Entries: uint64(t.entries), Offset: t.size, Digest: digest,
			Features: sidecar.Features{Required: sidecar.Final},
		}.Append(nil)
		if s := (Span{Bytes: b}).clip(t.size, off, end); s.Len() > 0 {
			yield(s)
		}
	}
	return nil
}

// appendMember appends a group of header blocks. Its bytes do not depend on the version of a
// library, so a download can be resumed after an upgrade.
func appendMember(dst, blocks, extra []byte) []byte {
	dst = gzmember.AppendMemberHeader(dst, extra)
	return append(dst, gzmember.AppendTarHeader(nil, blocks)[gzmember.HeaderSize:]...)
}
