package sidecar

import "github.com/tarpack/tpk/sidecar/internal/layout"

// Stats holds the numbers of entries of an archive by type, and sums of bytes. A duplicate is a
// hard link that tpk made in place of a file with equal content; Hardlinks counts it, too. Specials
// are FIFOs and devices.
type Stats struct {
	Files, Dirs, Symlinks, Hardlinks, Specials, Duplicates uint64

	FileBytes   uint64 // sizes of all regular files
	LinkBytes   uint64 // sizes of the targets of all hard links
	MemberBytes uint64 // lengths of all content members (C) in the archive
	SavedBytes  uint64 // lengths of the content members of the targets of all duplicates
}

// fields returns the fields in the order of the header.
func (s *Stats) fields() [layout.NumStats]*uint64 {
	return [...]*uint64{
		&s.Files, &s.Dirs, &s.Symlinks, &s.Hardlinks, &s.Specials, &s.Duplicates,
		&s.FileBytes, &s.LinkBytes, &s.MemberBytes, &s.SavedBytes,
	}
}

// Add counts an entry.
func (s *Stats) Add(e *Entry) {
	switch e.Type {
	case TypeFile:
		s.Files++
		s.FileBytes += uint64(e.Size)
		s.MemberBytes += uint64(e.ContentLen)
	case TypeDir:
		s.Dirs++
	case TypeSymlink:
		s.Symlinks++
	case TypeHardlink:
		s.Hardlinks++
		s.LinkBytes += uint64(e.Size)
		if e.Duplicate {
			s.Duplicates++
		}
	default:
		s.Specials++
	}
}

// check compares the counts with the number of entries.
func (s *Stats) check(n uint64) error {
	sum := uint64(0)
	for _, c := range []uint64{s.Files, s.Dirs, s.Symlinks, s.Hardlinks, s.Specials} {
		if c > n {
			return layout.Corruptf("it counts %+v among %d entries", *s, n)
		}
		sum += c // of numbers below 2^32
	}
	if sum != n || s.Duplicates > s.Hardlinks ||
		max(s.FileBytes, s.LinkBytes) > layout.MaxBytes {
		return layout.Corruptf("it counts %+v among %d entries", *s, n)
	}
	return nil
}
