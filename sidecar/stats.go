package sidecar

// Stats counts the entries of an archive, and bytes. A duplicate is a hard link that tpk made in place of a file with the
// same content; it is counted among Hardlinks too. Specials are FIFOs and devices.
type Stats struct {
	Files, Dirs, Symlinks, Hardlinks, Specials, Duplicates uint64

	FileBytes   uint64 // content of all regular files
	LinkBytes   uint64 // content that all hard links stand for: the size of the target of each
	MemberBytes uint64 // all members that hold content (C), in the archive
}

// counts are the counts in the order of the header.
func (s *Stats) counts() [6]*uint64 {
	return [6]*uint64{&s.Files, &s.Dirs, &s.Symlinks, &s.Hardlinks, &s.Specials, &s.Duplicates}
}

// add counts an entry. It leaves out LinkBytes, which is not known until the link's target is.
func (s *Stats) add(e *Entry) {
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
		if e.Duplicate {
			s.Duplicates++
		}
	default:
		s.Specials++
	}
}

// check holds the counts against the number of entries.
func (s *Stats) check(n uint64) error {
	sum := uint64(0)
	for _, c := range []uint64{s.Files, s.Dirs, s.Symlinks, s.Hardlinks, s.Specials} {
		if c > n {
			return corrupt("it counts %+v among %d entries", *s, n)
		}
		sum += c // of numbers below 2^32
	}
	if sum != n || s.Duplicates > s.Hardlinks {
		return corrupt("it counts %+v among %d entries", *s, n)
	}
	return nil
}
