package packer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/precompressed"
	"github.com/tarpack/tpk/tarpack/internal/tree"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// NoCompression is the Level at which all content is stored.
const NoCompression = -1

// Options are the options of a Packer. The zero value is usable.
type Options struct {
	Level      int               // of compression, 1 to 9; 0 means 6, NoCompression stores
	Store      *exclude.Patterns // files to store and not to compress; nil is none
	Workers    int               // compressing goroutines; 0 means one for each CPU
	Background bool              // these have the lowest priority
	Dedup      format.DedupMode  // which equal files become hard links
	// KeepLinks keeps the links between the entries of an archive: what is a duplicate there stays
	// one, and equal files that are not stay apart. Dedup must be DedupContent.
	KeepLinks     bool
	Exclude       *exclude.Patterns // paths to leave out; nil leaves out none
	Include       *exclude.Patterns // paths to pack, with the directories above; nil packs all
	Dereference   bool              // pack what symbolic links lead to, and not the links
	OneFileSystem bool              // leave out what is in directories of other file systems
	PreserveOwner bool              // keep user and group; otherwise 0: see format.ErrSetIDs
	Special       bool              // keep FIFOs and devices
	SHA256        bool              // put the SHA-256 of each content into the index

	Prefix string   // directory of the archive for everything; "" for its top
	Names  []string // paths below the directory to pack, with what is below; nil packs all
	// ExactNames are Names without what is below them.
	ExactNames []string
	Mode       *attributes.Mode  // changes permissions; nil keeps them
	Owner      *attributes.Owner // of all entries; nil: see PreserveOwner
	Group      *attributes.Owner // of all entries; nil: see PreserveOwner
	ModTime    time.Time         // of all entries; the zero time keeps their own
	// LatestModTime clamps later modification times to it. The zero time clamps none.
	LatestModTime time.Time
	// NewOwners replaces the owners that the archive that is changed has.
	NewOwners bool
	// SkipUnreadable leaves out what cannot be read, with a notice that wraps format.ErrUnread. Only a
	// big file that fails when it is read for the second time ends the run.
	SkipUnreadable bool
	// EmbedIndex puts the index into the archive; see Result.Embed.
	EmbedIndex bool
	// RemoveFiles makes the run remember what it packs, for RemovePacked.
	RemoveFiles bool

	// Siblings, if set, leaves out precompressed siblings, and notes them there. It excludes
	// RemoveFiles.
	Siblings *siblings.Set

	// Notice, if set, is called for each file that is left out, with the reason.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// OpenTree opens the directory dir as a tree of what the options select.
func (o *Options) OpenTree(ctx context.Context, dir string) (*tree.Tree, error) {
	if o.Dereference && o.RemoveFiles {
		const why = "files that links lead to are not removed"
		return nil, fmt.Errorf("%s: %w: %s", dir, os.ErrInvalid, why)
	}
	if o.Siblings != nil && o.RemoveFiles {
		const why = "siblings, which are not packed, are not removed"
		return nil, fmt.Errorf("%s: %w: %s", dir, os.ErrInvalid, why)
	}
	t, err := tree.Open(dir)
	if err != nil {
		return nil, err
	}
	t.Into = o.Prefix
	if err := o.Prepare(ctx, dir, t); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// Prepare limits a tree that was opened from the directory dir to what the options select, and sets
// how it is read.
func (o *Options) Prepare(ctx context.Context, dir string, t *tree.Tree) error {
	if t.Into != "" {
		if err := sidecar.ValidPath(t.Into); err != nil {
			return fmt.Errorf("%s: %w", format.Printable(t.Into), err)
		}
	}
	t.Mode, t.Follow, t.OneFileSystem = o.Mode, o.Dereference, o.OneFileSystem
	if o.Names != nil || o.ExactNames != nil {
		if err := t.Select(o.Names, o.ExactNames); err != nil {
			return err
		}
	}
	if o.Include != nil {
		if err := o.include(ctx, dir, t); err != nil {
			return err
		}
	}
	if o.Siblings == nil {
		return nil
	}
	o.Siblings.Start(dir, o.Dereference)
	w := &tree.Walker{Exclude: o.Exclude, Include: o.Include}
	return precompressed.Find(ctx, t, w, o.workers(), o.Siblings)
}

// include limits a tree to what the globs include.
func (o *Options) include(ctx context.Context, dir string, t *tree.Tree) error {
	w := &tree.Walker{Exclude: o.Exclude, Include: o.Include, Special: o.Special}
	if o.SkipUnreadable {
		w.Failed = func(error) bool { return true } // the walk that packs sends the notice
	}
	err := t.Include(ctx, w)
	if errors.Is(err, tree.ErrNothing) {
		err = fmt.Errorf("%s: %w", dir, err)
	}
	return err
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}
