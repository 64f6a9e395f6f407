package overview

import (
	"context"

	"github.com/tarpack/tpk/sidecar"
)

// Kinds is how many kinds of files there can be.
const Kinds = 16

// MaxScan is the usual Source.MaxScan. A scan of so many takes a second of CPU, and 32 MB if all
// are hard links.
const MaxScan = 4_000_000

// Sum is how much there is in a folder.
type Sum struct {
	Entries int   // folders and all others
	Size    int64 // bytes of all files; each name counts in full
	Packed  int64 // bytes of their members
}

// Add adds another sum.
func (s *Sum) Add(other Sum) {
	s.Entries += other.Entries
	s.Size += other.Size
	s.Packed += other.Packed
}

func (s *Sum) subtract(other Sum) {
	s.Entries -= other.Entries
	s.Size -= other.Size
	s.Packed -= other.Packed
}

// Source is the archive that Make looks at.
type Source struct {
	Index *sidecar.Index
	// Skip reports whether an entry is left out. It may be nil.
	Skip func(ordinal int) bool
	// Totals returns the sum of what is below a folder. A content counts once in it.
	Totals func(folder int) (Sum, error)
	// Type returns the media type of a file, and a number below Kinds.
	Type func(path string, e *sidecar.Entry) (media string, kind int)
	// MaxScan is how many entries a folder may have for a scan.
	MaxScan int
}

func (s *Source) skips(ordinal int) bool { return s.Skip != nil && s.Skip(ordinal) }

// Overview is what there is in a folder.
type Overview struct {
	Cells []Cell // the largest entries directly in the folder
	Rest  Sum    // of the other entries
	Own   Sum    // of what is directly in the folder and no folder
	Else  Sum    // of the folders that are not among Cells
	Below int    // how many folders these are

	// Scanned is set if the folder was not too large for what follows.
	Scanned   bool
	Files     int // regular files and hard links
	Links     int // symbolic links
	Size      int64
	Packed    int64 // each content counts once
	Saved     int64
	Types     []Type   // the one with most bytes first
	Largest   []File   // by size
	Longest   []File   // by the length of the member
	Shared    []Shared // the one that saves most first
	AllShared int      // how many there are
}

// Cell is an entry directly in a folder. If that is a folder with nothing but a folder in it, the
// cell is that one, and so on.
type Cell struct {
	Name    string // with slashes if it is such a folder
	Ordinal int
	Dir     bool
	Shared  bool // a hard link
	Sum
	Kinds [Kinds]int64 // bytes of each kind
	Cells []Cell       // the largest entries in a folder
	end   int          // the ordinal after the last entry in it
	at    int          // where a scan is among Cells
}

// Kind returns the kind that has most bytes in a cell; −1 if there are none.
func (c *Cell) Kind() int {
	best := -1
	for k, n := range c.Kinds {
		if n > 0 && (best < 0 || n > c.Kinds[best]) {
			best = k
		}
	}
	return best
}

// Type is all that has a media type.
type Type struct {
	Media  string
	Kind   int
	Files  int
	Size   int64
	Packed int64 // a content counts at its first name
}

// File is one of the largest files.
type File struct {
	Path         string // in the archive
	Size, Packed int64
}

// Shared is a content that has several names.
type Shared struct {
	Size, Packed int64
	Saved        int64
	Copies       int      // names
	Paths        []string // the first of them
}

// Make looks at a folder, whose entries have the ordinals from folder + 1 to end − 1. If ctx ends
// meanwhile, it returns the cause.
func Make(ctx context.Context, s *Source, folder, end int) (*Overview, error) {
	o := &Overview{}
	if err := o.addCells(s, folder); err != nil {
		return nil, err
	}
	if end-folder-1 > s.MaxScan {
		return o, nil
	}
	o.Scanned = true
	return o, newScan(s, o).run(ctx, folder+1, end)
}
