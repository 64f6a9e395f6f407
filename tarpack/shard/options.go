package shard

import (
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// PackOptions are the options of Pack. Exactly one of Size and Shards must be set.
type PackOptions struct {
	// Size is the maximum size of a shard in bytes, approximately. An entry is never cut, so a
	// larger entry makes a larger shard.
	Size int64
	// Shards is the number of shards, 1 to format.MaxShards. Each gets about the same amount of
	// content, measured before compression. There are never more shards than entries.
	Shards int

	Level         int               // of compression, 1 to 9; 0 means 6, pack.NoCompression stores
	Store         *exclude.Patterns // files to store and not to compress; nil is none
	Workers       int               // compressing goroutines; 0 means one for each CPU
	Dedup         format.DedupMode  // which equal files become hard links
	Exclude       *exclude.Patterns // paths to leave out; nil leaves out none
	Include       *exclude.Patterns // paths to pack, with the directories above; nil packs all
	Dereference   bool              // pack what symbolic links lead to, and not the links
	OneFileSystem bool              // leave out what is in directories of other file systems
	PreserveOwner bool              // keep user and group; otherwise 0: see format.ErrSetIDs
	Special       bool              // keep FIFOs and devices; otherwise skip them with a notice
	SHA256        bool              // put the SHA-256 of each content into the index

	// Prefix is a directory of the archive below which everything is packed. It gets the mode 0755 and
	// the time of the top. "" is the top of the archive.
	Prefix string
	// Names are paths below the directory to pack, each with everything below it and the directories
	// above it. nil packs everything.
	Names []string
	// ExactNames are Names without what is below them.
	ExactNames []string
	Mode       *attributes.Mode  // changes permissions; nil keeps them
	Owner      *attributes.Owner // user of all entries; nil: see PreserveOwner
	Group      *attributes.Owner // group of all entries; nil: see PreserveOwner
	ModTime    time.Time         // of all entries; the zero time keeps their own
	// LatestModTime clamps later modification times to it. The zero time clamps none.
	LatestModTime time.Time
	// SkipUnreadable leaves out files and directories that cannot be read, with a notice for each that
	// wraps format.ErrUnread. Otherwise the first one ends the run.
	SkipUnreadable bool
	// RemoveFiles removes the packed files once the set is safely on disk. A file that has changed
	// since, or that was not packed, stays.
	RemoveFiles bool

	// Notice, if set, is called for each file that is left out, with the reason.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *PackOptions) packer() packer.Options {
	return packer.Options{
		Store: o.Store,
		Level: o.Level, Workers: o.Workers, Dedup: o.Dedup,
		Exclude: o.Exclude, PreserveOwner: o.PreserveOwner, Special: o.Special,
		SHA256:        o.SHA256,
		LatestModTime: o.LatestModTime,
		Include:       o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
		Mode: o.Mode, Owner: o.Owner, Group: o.Group, ModTime: o.ModTime,
		Prefix: o.Prefix, Names: o.Names, ExactNames: o.ExactNames,
		SkipUnreadable: o.SkipUnreadable,
		RemoveFiles:    o.RemoveFiles,
		Notice:         o.Notice, Progress: o.Progress,
	}
}

// PackResult describes a set that Pack wrote.
type PackResult struct {
	Shards       []Shard
	Stats        sidecar.Stats // of the whole set
	ArchiveBytes int64         // of all shards
	SidecarBytes int64         // of all sidecars
	Removed      int64         // files and directories that RemoveFiles removed
	Unread       int64         // files and directories that SkipUnreadable left out
}

// SplitOptions are the options of Split. Exactly one of Size and Shards must be set.
type SplitOptions struct {
	// Size is the maximum size of a shard in bytes, approximately. An entry is never cut, so a
	// larger entry makes a larger shard.
	Size int64
	// Shards is the number of shards, 1 to format.MaxShards. Each gets about the same number of
	// bytes. There are never more shards than entries.
	Shards int

	Workers int  // goroutines; 0 means one for each CPU
	DryRun  bool // write nothing, only return the shards

	// Notice, if set, is called if the sidecar is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

// A Shard is one archive of a set.
type Shard struct {
	Name    string // of its file
	Entries int    // including directories that other shards have as well
	Bytes   int64  // size of the file; with SplitOptions.DryRun only of its regular files
}
