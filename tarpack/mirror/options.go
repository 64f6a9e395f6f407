package mirror

import (
	"errors"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// ErrOther means that the directory has something that is in neither archive.
var ErrOther = errors.New("it is in neither archive")

// Options are the options of Update. The zero value is usable.
type Options struct {
	// Former is the index of the archive that was extracted before. What it has and the new one lacks
	// is removed. nil: nothing is removed.
	Former *sidecar.Index
	// Delete removes everything that the new archive lacks.
	Delete bool
	// Special extracts FIFOs, devices, and setuid and setgid bits. Otherwise they are refused.
	Special bool
	Workers int // goroutines that compare and extract; 0 means one for each CPU

	// Problem, if set, is called for each entry that can't be extracted. Calls do not overlap.
	Problem func(*format.Problem)
	// Progress, if set, is called with the entries and bytes that were extracted. Calls do not
	// overlap.
	Progress func(format.Progress)
}

// Result describes what Update has done.
type Result struct {
	Written int64 // entries that were extracted
	Changed int64 // entries that got another mode or time
	Removed int64
	Failed  int64 // problems
}
