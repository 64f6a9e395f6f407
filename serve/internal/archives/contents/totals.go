package contents

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

// UnknownTotals are those of a folder that several sources have, or a directory of plain files.
var UnknownTotals = Totals{Entries: -1, Files: -1, Links: -1}

// knownTotals remembers the totals of folders that have something hidden in them: to compute these
// takes a pass over all that is in the folder.
type knownTotals struct {
	mu  sync.Mutex
	all map[int]Totals // by ordinal
}

// Totals returns the totals of the folder dir of an archive. o is what is left out, or nil.
func (t *Tree) Totals(o *Omission, dir int) (Totals, error) {
	end, err := t.End(dir)
	if err != nil {
		return Totals{}, err
	}
	if o == nil || o.Visible(dir+1, end) == end-dir-1 {
		return t.statedTotals(dir, end)
	}
	o.totals.mu.Lock()
	known, ok := o.totals.all[dir]
	o.totals.mu.Unlock()
	if ok {
		return known, nil
	}
	sum, err := t.sum(o, dir+1, end)
	if err != nil {
		return Totals{}, err
	}
	o.totals.mu.Lock()
	defer o.totals.mu.Unlock()
	if o.totals.all == nil {
		o.totals.all = map[int]Totals{}
	}
	o.totals.all[dir] = sum
	return sum, nil
}

// statedTotals returns the totals that the index states (FORMAT.md 2.2).
func (t *Tree) statedTotals(dir, end int) (Totals, error) {
	stated, err := t.Index.Totals(dir)
	if err != nil {
		return Totals{}, t.Wrap(err)
	}
	sum := Totals{Entries: end - dir - 1, Files: -1, Links: -1, Size: int64(stated.Bytes),
		Packed: int64(stated.Members)}
	if dir == sidecar.Root {
		s := t.Index.Stats()
		sum.Files, sum.Links, sum.Saved = int(s.Files+s.Hardlinks), int(s.Symlinks), int64(s.SavedBytes)
	}
	return sum, nil
}

// sum adds up the entries from first to end that are not left out. The content of a hard link whose
// target is not among them counts once.
func (t *Tree) sum(o *Omission, first, end int) (total Totals, err error) {
	elsewhere := map[uint32]bool{}
	for row, err := range t.Index.All(first, end) {
		if err != nil {
			return total, t.Wrap(err)
		}
		e := &row.Entry
		if o.LeavesOut(row.Ordinal) {
			continue
		}
		total.Entries++
		switch e.Type {
		case sidecar.TypeSymlink:
			total.Links++
		case sidecar.TypeFile:
			total.Files++
			total.Size += e.Size
			total.Packed += e.ContentLen
		case sidecar.TypeHardlink:
			total.Files++
			total.Size += e.Size
			to := int(e.Target)
			away := to < first || to >= end || o.LeavesOut(to)
			if !e.Duplicate && (!away || elsewhere[e.Target]) {
				continue
			}
			target, err := t.Index.Entry(to)
			if err != nil {
				return total, t.Wrap(err)
			}
			if away && !elsewhere[e.Target] {
				elsewhere[e.Target] = true
				total.Packed += target.ContentLen
			} else {
				total.Saved += target.ContentLen
			}
		}
	}
	return total, nil
}
