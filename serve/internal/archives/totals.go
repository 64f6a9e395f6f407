package archives

import (
	"sync"

	"github.com/tarpack/tpk/sidecar"
)

// Totals are the sums of what is below a folder, however deep, without what is hidden.
type Totals struct {
	Entries int   // folders and all others; −1 if the totals are not known
	Files   int   // regular files and hard links; −1 if not known
	Links   int   // symbolic links; −1 if not known
	Size    int64 // bytes of all files; each name counts in full
	Packed  int64 // bytes of their members; a content counts once
	// Saved is the length of the members that files with equal content would have had. It is known of
	// whole archives and of folders with something hidden.
	Saved int64
}

// unknownTotals are those of a folder that several sources have, or a directory of plain files.
var unknownTotals = Totals{Entries: -1, Files: -1, Links: -1}

// knownTotals remembers the totals of folders that have something hidden in them: to compute these
// takes a pass over all that is in the folder.
type knownTotals struct {
	mu  sync.Mutex
	all map[int]Totals // by ordinal
}

// totals returns the totals of the folder dir of an archive. o is what is left out, or nil.
func (a *archive) totals(o *omission, dir int) (Totals, error) {
	end := a.index.Len()
	if dir != sidecar.Root {
		e, err := a.index.Entry(dir)
		if err != nil {
			return Totals{}, a.wrap(err)
		}
		end = int(e.End)
	}
	if o == nil || o.visible(dir+1, end) == end-dir-1 {
		return a.statedTotals(dir, end)
	}
	o.totals.mu.Lock()
	known, ok := o.totals.all[dir]
	o.totals.mu.Unlock()
	if ok {
		return known, nil
	}
	t, err := a.sum(o, dir+1, end)
	if err != nil {
		return Totals{}, err
	}
	o.totals.mu.Lock()
	defer o.totals.mu.Unlock()
	if o.totals.all == nil {
		o.totals.all = map[int]Totals{}
	}
	o.totals.all[dir] = t
	return t, nil
}

// statedTotals returns the totals that the index states (FORMAT.md 2.2).
func (a *archive) statedTotals(dir, end int) (Totals, error) {
	stated, err := a.index.Totals(dir)
	if err != nil {
		return Totals{}, a.wrap(err)
	}
	t := Totals{Entries: end - dir - 1, Files: -1, Links: -1, Size: int64(stated.Bytes),
		Packed: int64(stated.Members)}
	if dir == sidecar.Root {
		s := a.index.Stats()
		t.Files, t.Links, t.Saved = int(s.Files+s.Hardlinks), int(s.Symlinks), int64(s.SavedBytes)
	}
	return t, nil
}

// sum adds up the entries from first to end that are not left out. The content of a hard link whose
// target is not among them counts once.
func (a *archive) sum(o *omission, first, end int) (t Totals, err error) {
	elsewhere := map[uint32]bool{}
	for row, err := range a.index.All(first, end) {
		if err != nil {
			return t, a.wrap(err)
		}
		e := &row.Entry
		if o.leavesOut(row.Ordinal) {
			continue
		}
		t.Entries++
		switch e.Type {
		case sidecar.TypeSymlink:
			t.Links++
		case sidecar.TypeFile:
			t.Files++
			t.Size += e.Size
			t.Packed += e.ContentLen
		case sidecar.TypeHardlink:
			t.Files++
			t.Size += e.Size
			to := int(e.Target)
			away := to < first || to >= end || o.leavesOut(to)
			if !e.Duplicate && (!away || elsewhere[e.Target]) {
				continue
			}
			target, err := a.index.Entry(to)
			if err != nil {
				return t, a.wrap(err)
			}
			if away && !elsewhere[e.Target] {
				elsewhere[e.Target] = true
				t.Packed += target.ContentLen
			} else {
				t.Saved += target.ContentLen
			}
		}
	}
	return t, nil
}
