package mount

import (
	"context"
	"errors"

	"github.com/tarpack/tpk/tarpack"
)

// Options are the options of [Start].
type Options struct {
	// Open opens what is mounted, the archive that wins last. With Replace it is called again
	// whenever one of them has changed.
	Open func(ctx context.Context) ([]Layer, error)
	// Source is what the system's list of mounts shows as the device.
	Source string
	// AllowOther lets other users than the one who mounts see the files. Their permissions count.
	AllowOther bool
	// Replace follows new versions: as soon as a name leads to another archive, that is shown. Files
	// that are open stay what they are.
	Replace bool
	// Log, if set, gets a line for each failure, and for each new version. It may be called by several
	// goroutines at a time.
	Log func(string)
}

// Layer is an archive that is mounted.
type Layer struct {
	Archive *tarpack.Archive
	Dir     string       // the directory in it that is mounted; "" is all of it
	Close   func() error // closes the archive
	// Check, if set, is asked with Replace instead of the Check of the archive's Source, if the name
	// leads to something that the archive was made from.
	Check func() error
}

// Errors of Start and Unmount.
var (
	// ErrUnsupported means that the system can't mount archives.
	ErrUnsupported = errors.New("this system can't mount archives")
	// ErrNoFuse means that something that mounts need is missing: see its text.
	ErrNoFuse = errors.New("the system can't mount")
	// ErrNotMounted means that a directory is not where this package has mounted something.
	ErrNotMounted = errors.New("no archive is mounted there")
	// ErrNotDirectory means that something else is where a directory should be.
	ErrNotDirectory = errors.New("not a directory")
	// ErrInUse means that programs have files open, or are in the directory.
	ErrInUse = errors.New("it is in use")
)
