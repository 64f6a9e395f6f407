package extract

import (
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
)

// Options are the options of Extract. The zero value is usable.
type Options struct {
	// Paths are the entries to extract, a directory with everything below it. None means all
	// entries. Missing directories above them are created, but do not get their mode and time from
	// the archive.
	Paths   []string
	Exclude *exclude.Patterns // entries to leave out, by their paths in the archive; nil: none
	// StripComponents removes that many leading components from each path. Entries with no other
	// components are left out. If several directories get the same name, it gets the attributes of
	// the last. Anything else that gets the name of an earlier entry is a problem.
	StripComponents int
	// KeepOldFiles makes it a problem if something exists at the path of an entry. Existing
	// directories are extracted into, but keep their mode and time.
	KeepOldFiles bool
	// SameOwner restores user and group, by their names if this system has them. It takes one more
	// system call and read for each entry. An owner that the system refuses to set is a problem.
	SameOwner bool
	// HardLinks extracts duplicates as hard links. Otherwise they become separate files, which
	// share blocks if the file system supports it. Names of one file become hard links in any case.
	HardLinks bool
	// Special extracts FIFOs and devices, and the setuid and setgid bits of files. Otherwise they
	// are refused. A file with such a bit is still extracted, without it. A bit is also dropped if
	// the file does not get the user (setuid) or group (setgid) that the archive has.
	Special bool
	Workers int // extracting goroutines; 0 means one for each CPU

	// Notice, if set, is called if the sidecar is damaged and the index is built again.
	Notice func(error)
	// Entry, if set, is called in path order for each entry before it is extracted.
	Entry func(sidecar.Row)
	// Problem, if set, is called for each entry that cannot be extracted. Calls do not overlap.
	Problem func(*format.Problem)
	// Progress, if set, is called repeatedly, from several goroutines. Calls do not overlap.
	Progress func(format.Progress)
}

// Result describes what Extract has extracted.
type Result struct {
	Entries  int64             // number of extracted entries
	Bytes    int64             // size of their contents
	Problems []*format.Problem // the first format.MaxProblems
	Failed   int64             // number of all problems
}
