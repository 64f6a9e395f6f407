package patch

import (
	"cmp"
	"path"
	"slices"

	"github.com/tarpack/tpk/sidecar"
)

// pairs finds the pieces of the old archive that resemble one of the new archive.
type pairs struct {
	old, new []piece
	x, y     *sidecar.Index // of the old archive and of the new one

	first map[uint32]int32 // the first piece of the content of an old file, by its ordinal
	head  map[uint32]int32 // its H, or the G that begins with it
	named map[string][]uint32
	found map[uint32]int64 // old ordinals by new ones; -1: there is none
	list  []*piece
}

// prepare reads which pieces there are.
func (s *pairs) prepare(x, y *sidecar.Index) error {
	s.x, s.y = x, y
	s.first, s.head, s.found = map[uint32]int32{}, map[uint32]int32{}, map[uint32]int64{}
	for k := range s.old {
		switch p := &s.old[k]; p.kind {
		case pieceHeader, pieceGroup:
			s.head[p.i] = int32(k)
		case pieceContent, pieceSegment, pieceLast, pieceRaw:
			if _, ok := s.first[p.i]; !ok {
				s.first[p.i] = int32(k)
			}
		}
	}
	// Files that have another directory now are found by their names.
	s.named = map[string][]uint32{}
	for row, err := range x.All(0, x.Len()) {
		if err != nil {
			return err
		}
		if row.Entry.Type != sidecar.TypeFile {
			continue
		}
		if _, ok, err := y.Lookup(string(row.Path)); err != nil {
			return err
		} else if !ok {
			name := path.Base(string(row.Path))
			s.named[name] = append(s.named[name], uint32(row.Ordinal))
		}
	}
	return nil
}

// find returns the entry of the old archive for entry i of the new one: that of the same path, or a
// file that is not there any more, of the same name and almost the same size.
func (s *pairs) find(i uint32) (uint32, bool) {
	k, ok := s.found[i]
	if !ok {
		k = s.search(i)
		s.found[i] = k
	}
	return uint32(max(k, 0)), k >= 0
}

func (s *pairs) search(i uint32) int64 {
	name, err := s.y.Path(int(i))
	if err != nil {
		return -1
	}
	if k, ok, err := s.x.Lookup(name); err == nil && ok {
		return int64(k)
	}
	e, err := s.y.Entry(int(i))
	if err != nil {
		return -1
	}
	away := func(k uint32) int64 {
		old, err := s.x.Entry(int(k))
		if err != nil {
			return 1 << 62
		}
		return max(old.Size-e.Size, e.Size-old.Size)
	}
	list := s.named[path.Base(name)]
	if len(list) == 0 || len(list) > maxNamed {
		return -1
	}
	return int64(slices.MinFunc(list, func(a, b uint32) int { return cmp.Compare(away(a), away(b)) }))
}

// maxNamed is of how many files with one name the sizes are compared.
const maxNamed = 1000

// similar returns pieces of the old archive that may have much of what a piece of the new one has.
// The list is valid until the next call.
func (s *pairs) similar(p *piece) []*piece {
	s.list = s.list[:0]
	if p.kind == pieceOther || p.kind == pieceFrame || p.kind == piecePadding {
		return nil
	}
	i, ok := s.find(p.i)
	if !ok {
		return nil
	}
	if p.kind == pieceHeader || p.kind == pieceGroup {
		if k, ok := s.head[i]; ok {
			s.list = append(s.list, &s.old[k])
		}
		return s.list
	}
	k, ok := s.first[i]
	if !ok {
		return nil
	}
	// Of a large content, the part at the same place, and its neighbours.
	for part := max(0, int(p.part)-1); part <= int(p.part)+1; part++ {
		at := int(k) + part
		if at < len(s.old) && s.old[at].i == i && s.old[at].kind >= pieceContent &&
			s.old[at].kind <= pieceRaw && s.old[at].kind != pieceFrame {
			s.list = append(s.list, &s.old[at])
		}
	}
	return s.list
}
