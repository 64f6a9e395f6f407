package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

// What a notice of Open is about.
var (
	// ErrConverting: the file is not an archive, and is converted first.
	ErrConverting = errors.New("not a tpk archive")
	// ErrIndexing: the archive has no usable index, and one is made first.
	ErrIndexing = errors.New("indexing it")
	// ErrLeftOut: entries of a converted file were refused and are not in the archive, or are changed
	// as a part of their header can't be read.
	ErrLeftOut = errors.New("left out or changed")
)

// ErrSlow is returned with Options.Quick if the file has to be indexed or converted first.
var ErrSlow = errors.New("it has to be read as a whole first")

// Cache is a directory with indexes and converted files. Several processes may use the same one. It
// is safe for concurrent use.
type Cache struct {
	// Dir is the directory. It is created if it is missing. If it is "", can't be written, or can be
	// written by other users, indexes are kept in memory and converted files in temporary files
	// without a name.
	Dir string
	// Limit is how many bytes the entries may take. Above it, entries that are not in use are
	// removed. 0 means 10 GiB, but at most a tenth of the file system. Package blocks counts the
	// entries for its limit, if it has the same directory.
	Limit int64

	available func(dir string) int64 // is availableIn, but in tests
}

// Options are the options of Cache.Open. The zero value is usable.
type Options struct {
	// NoConvert makes a file that is not an archive format.ErrNotArchive.
	NoConvert bool
	// KeepIndex keeps the index of an archive without a usable one in the directory. Otherwise it is
	// built in memory.
	KeepIndex bool
	// Quick makes Open return ErrSlow instead of doing something that takes long.
	Quick bool
	// Fresh converts a file that is not an archive again, and keeps nothing of it. So the whole file
	// is read, and its checksums are compared.
	Fresh   bool
	Workers int // goroutines; 0 means one for each CPU
	// LoadIndex is LoadIndex of tarpack.OpenOptions, for an index beside the archive.
	LoadIndex  int64
	CheckIndex int64 // that of tarpack.OpenOptions
	// Trust is that of tarpack.OpenOptions. A file that has to be converted is never signed.
	Trust *signature.Trust

	// Notice, if set, is called when Open does more than open an archive. The error wraps
	// ErrConverting, ErrIndexing, ErrLeftOut, or one of the notices of tarpack.Open and
	// convert.Convert.
	Notice func(error)
	// Progress, if set, is called while a file is indexed or converted.
	Progress func(format.Progress)
	// Problem, if set, is called for each entry that a conversion refuses. Otherwise Notice gets the
	// first ten, and the number of the others.
	Problem func(*format.Problem)
}

// Open opens an archive, whatever is needed for that: with its sidecar, with an index from the
// directory, or converted from a tar or zip of another program. It writes nothing beside the file.
//
// Only regular files are converted. The errors are those of tarpack.Open and convert.Convert, with
// the name of the file.
func (c *Cache) Open(ctx context.Context, name string, o Options) (*Archive, error) {
	t, err := tarpack.Open(ctx, name,
		&tarpack.OpenOptions{RequireSidecar: true, LoadIndex: o.LoadIndex,
			CheckIndex: o.CheckIndex, Notice: o.Notice, Workers: o.Workers, Trust: o.Trust})
	if errors.Is(err, format.ErrNotArchive) || errors.Is(err, signature.ErrUnsigned) {
		if a, err := openBundle(ctx, name, &o); !errors.Is(err, bundle.ErrNone) {
			return a, err
		}
	}
	switch {
	case err == nil:
		return &Archive{Archive: t}, nil
	case errors.Is(err, format.ErrNoSidecar), errors.Is(err, format.ErrStale):
		return c.openIndexed(ctx, name, err, &o)
	case errors.Is(err, format.ErrNotArchive) && o.Trust == nil:
		return c.openConverted(ctx, name, err, &o)
	case errors.Is(err, format.ErrTruncated) && !o.KeepIndex && !o.Quick:
		return inMemory(ctx, name, &o) // it finds out whether other bytes follow the archive
	}
	return nil, err
}

// openBundle opens the archive in a bundle. The error wraps bundle.ErrNone if name is none.
func openBundle(ctx context.Context, name string, o *Options) (*Archive, error) {
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() {
		return nil, bundle.ErrNone
	}
	t, err := bundle.Open(ctx, name, &tarpack.OpenOptions{LoadIndex: o.LoadIndex,
		CheckIndex: o.CheckIndex, Notice: o.Notice, Workers: o.Workers, Trust: o.Trust})
	if err != nil {
		return nil, err
	}
	return &Archive{Archive: t}, nil
}

// openIndexed opens an archive without a usable sidecar. missing is the reason.
func (c *Cache) openIndexed(
	ctx context.Context, name string, missing error, o *Options,
) (*Archive, error) {
	if !o.KeepIndex {
		return inMemory(ctx, name, o)
	}
	_, set, err := tarpack.SetList(name)
	if err != nil {
		return nil, err
	}
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if set || err != nil { // only its own index says what a set is
		return inMemory(ctx, name, o)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return inMemory(ctx, name, o)
	}
	return c.openEntry(ctx, func() (*Archive, bool, error) {
		e, err := c.entryOf(ctx, f, kindIndex, o)
		switch {
		case errors.Is(err, errUnusable):
			a, err := inMemory(ctx, name, o)
			return a, false, err
		case err != nil:
			return nil, false, fmt.Errorf("%s: %w", name, err)
		}
		kept := e.complete
		if !kept {
			o.notice(fmt.Errorf("%w: %w", missing, ErrIndexing))
			if err := e.makeIndex(ctx, name, f, o); err != nil {
				err = errors.Join(err, e.remove())
				if !isFull(err) {
					return nil, false, err
				}
				a, err := inMemory(ctx, name, o)
				return a, false, err
			}
		}
		a, err := e.open(ctx, name, o)
		return a, kept, err
	})
}

// openEntry calls open. If that fails with a kept entry, the entry was damaged and is removed, so
// openEntry calls open again. If a new entry was made, it evicts others.
func (c *Cache) openEntry(
	ctx context.Context, open func() (a *Archive, kept bool, err error),
) (*Archive, error) {
	a, kept, err := open()
	if err != nil && kept && ctx.Err() == nil {
		a, kept, err = open()
	}
	if err == nil && !kept {
		c.evict(0)
	}
	return a, err
}

// openConverted opens a file that is not an archive. foreign is the reason.
func (c *Cache) openConverted(
	ctx context.Context, name string, foreign error, o *Options,
) (*Archive, error) {
	if _, isSet, err := tarpack.SetList(name); err != nil || isSet {
		return nil, foreign // one of its other shards may be what is no archive
	}
	fi, err := os.Stat(name)
	if err != nil || !fi.Mode().IsRegular() {
		return nil, foreign
	}
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi, err = f.Stat(); err != nil {
		return nil, err
	}
	if o.NoConvert || !c.has(fi) && !convert.Recognizes(f, fi.Size()) {
		return nil, foreign
	}
	need := neededFor * fi.Size()
	return c.openEntry(ctx, func() (*Archive, bool, error) {
		e, unusable := (*entry)(nil), errFresh
		if !o.Fresh {
			e, unusable = c.entryOf(ctx, f, kindArchive, o)
		}
		if unusable == nil && !e.complete && !c.makeRoom(need) {
			e, unusable = nil, errors.Join(c.errFull(), e.remove())
		}
		switch {
		case unusable == nil:
		case !errors.Is(unusable, errUnusable):
			return nil, false, fmt.Errorf("%s: %w", name, unusable)
		case o.Quick:
			return nil, false, ErrSlow
		default:
			if e, err = c.temporary(need); err != nil {
				return nil, false, err
			}
		}
		kept := e.complete
		if !kept {
			o.notice(converting(name, c, unusable))
			err := c.makeArchive(ctx, e, name, f, o)
			if isFull(err) && filepath.Dir(e.dir) == filepath.Clean(c.Dir) {
				e, err = c.makeElsewhere(ctx, e, err, name, f, o)
			}
			if err != nil {
				return nil, false, errors.Join(err, e.remove())
			}
		}
		a, err := e.open(ctx, name, o)
		return a, kept, err
	})
}

// errFull returns the error of a directory without room.
func (c *Cache) errFull() error { return fmt.Errorf("%w: %s is full", errUnusable, c.Dir) }

// errFresh is the reason for a temporary conversion that was asked for.
var errFresh = fmt.Errorf("%w: nothing is kept", errUnusable)

// converting returns the notice that a file is converted. unusable is why it is not kept, or nil.
func converting(name string, c *Cache, unusable error) error {
	switch {
	case unusable == nil:
		return fmt.Errorf("%s: %w: converting it once, into %s", name, ErrConverting, c.Dir)
	case errors.Is(unusable, errFresh):
		return fmt.Errorf("%s: %w: converting it to read all of it", name, ErrConverting)
	}
	return fmt.Errorf("%s: %w: converting it for this time only: %w", name, ErrConverting, unusable)
}

// inMemory opens an archive and builds its index in memory.
func inMemory(ctx context.Context, name string, o *Options) (*Archive, error) {
	if o.Quick {
		return nil, ErrSlow
	}
	t, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{Workers: o.Workers, Notice: o.Notice,
		Progress: o.Progress, Trust: o.Trust, CheckIndex: o.CheckIndex})
	if err != nil {
		return nil, err
	}
	return &Archive{Archive: t}, nil
}

func (o *Options) notice(err error) {
	if o.Notice != nil {
		o.Notice(err)
	}
}
