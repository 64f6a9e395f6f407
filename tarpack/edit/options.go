package edit

import (
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// UpdateOptions are the options of Update. The zero value is usable.
type UpdateOptions struct {
	// Checksum compares the content of every file. Otherwise a file with the size and modification
	// time of its entry counts as unchanged, unless its time proves nothing: if it is clamped, in
	// the future, of the current second, no earlier than the archive's, or one that build tools
	// set: before 1986, or a midnight in some time zone.
	Checksum bool
	Keep     bool // keep the entries of the archive that are not in the tree
	// RemoveLimit, if set, returns how many entries may be removed from an archive with that many.
	// An update that would remove more is format.ErrRemovals. With DryRun it is that as well, but
	// Change receives all changes first.
	RemoveLimit func(entries int64) int64
	DryRun      bool // write nothing, only find out what would change
	Single      bool // change one shard of a set as an archive of its own
	// Change, if set, is called for each change in the order of the archive, always from the same
	// goroutine.
	Change func(kind format.ChangeKind, path string)

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
	// Siblings, if set, leaves out precompressed siblings, as pack.Options.Siblings does.
	Siblings *siblings.Set

	// Notice, if set, is called for each file that is left out, with the reason, and if the sidecar
	// is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *UpdateOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Store: o.Store,
			Level: o.Level, Workers: o.Workers, Dedup: o.Dedup,
			Exclude: o.Exclude, PreserveOwner: o.PreserveOwner, Special: o.Special,
			LatestModTime: o.LatestModTime,
			Include:       o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
			Mode: o.Mode, Owner: o.Owner, Group: o.Group, ModTime: o.ModTime,
			Prefix: o.Prefix, Names: o.Names, ExactNames: o.ExactNames, Siblings: o.Siblings,
			Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun, Single: o.Single, Change: o.Change,
	}
}

// AddOptions are the options of Add. The zero value is usable.
type AddOptions struct {
	// Replace takes the added entry if the archive already has its path. Otherwise the archive's
	// entry stays, and the added one counts as ignored. A file that is named is always read. One
	// in a directory counts as unchanged as in Update.
	Replace bool
	// Into is the directory of the archive to add to, created if it is missing. "" is the root.
	Into string
	// Append makes the archive grow in place, for archives too large to copy. Existing members stay
	// where they are and new ones follow, out of path order. So other programs do not restore the
	// times of directories that were there before. Append excludes Replace. Paths below directories
	// that their owner cannot write to are refused (format.ErrAppend).
	Append bool
	Single bool // change one shard of a set as an archive of its own; its set must be indexed then
	DryRun bool // write nothing, only find out what would change
	// Change, if set, is called for each change in the order of the archive, always from the same
	// goroutine.
	Change func(kind format.ChangeKind, path string)

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

	Mode    *attributes.Mode  // changes permissions; nil keeps them
	Owner   *attributes.Owner // user of all entries; nil: see PreserveOwner
	Group   *attributes.Owner // group of all entries; nil: see PreserveOwner
	ModTime time.Time         // of all entries; the zero time keeps their own
	// LatestModTime clamps later modification times to it. The zero time clamps none.
	LatestModTime time.Time

	// Notice, if set, is called for each file that is left out, with the reason, and if the sidecar
	// is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *AddOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Store: o.Store,
			Level: o.Level, Workers: o.Workers, Dedup: o.Dedup,
			Exclude: o.Exclude, PreserveOwner: o.PreserveOwner, Special: o.Special,
			LatestModTime: o.LatestModTime,
			Include:       o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
			Mode: o.Mode, Owner: o.Owner, Group: o.Group, ModTime: o.ModTime,
			Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun, Single: o.Single, Change: o.Change,
	}
}

// RemoveOptions are the options of Remove. The zero value is usable.
type RemoveOptions struct {
	Workers int              // goroutines; 0 means one for each CPU
	Dedup   format.DedupMode // which equal files become hard links
	DryRun  bool             // write nothing, only find out what would change
	Single  bool             // change one shard of a set as an archive of its own
	// Change, if set, is called for each change in the order of the archive, always from the same
	// goroutine.
	Change func(kind format.ChangeKind, path string)

	// Notice, if set, is called if the sidecar is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *RemoveOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Workers: o.Workers, Dedup: o.Dedup, Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun, Single: o.Single, Change: o.Change,
	}
}

// CompactOptions are the options of Compact. The zero value is usable.
type CompactOptions struct {
	Workers int              // goroutines; 0 means one for each CPU
	Dedup   format.DedupMode // which equal files become hard links
	DryRun  bool             // write nothing, only find out what would change
	Single  bool             // change one shard of a set as an archive of its own
	// SHA256 puts the SHA-256 of each content into the index. An archive that has them keeps them
	// anyway. Otherwise all contents are decompressed.
	SHA256 bool

	// Notice, if set, is called if the sidecar is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *CompactOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Workers: o.Workers, Dedup: o.Dedup, SHA256: o.SHA256,
			Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun, Single: o.Single,
	}
}

// MergeOptions are the options of Merge. The zero value is usable.
type MergeOptions struct {
	// First takes the entry of the first archive that has its path, otherwise the last one's.
	First   bool
	Workers int              // goroutines; 0 means one for each CPU
	Dedup   format.DedupMode // which equal files become hard links
	DryRun  bool             // write nothing, only find out what would change
	Single  bool             // take each shard of a set that is named as an archive of its own
	// SHA256 puts the SHA-256 of each content into the index, even if no archive has them. They are
	// computed for the archives that lack them.
	SHA256 bool

	// Notice, if set, is called for each entry that is left out because only one of two archives
	// has a directory at its path. It is also called for each sidecar that is missing or damaged.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *MergeOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Workers: o.Workers, Dedup: o.Dedup, SHA256: o.SHA256,
			Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun, Single: o.Single,
	}
}

// Result describes what an edit changed, or would change with DryRun.
type Result struct {
	format.Changes
	Stats        sidecar.Stats // of the new archive; zero if none was written
	ArchiveBytes int64         // size of the new archive
	SidecarBytes int64         // size of its sidecar
	Written      bool          // a new archive was written; false if there was nothing to change
}
