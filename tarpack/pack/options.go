package pack

import (
	"io"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/attributes"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/siblings"
)

// NoCompression is the Level at which all content is stored: any part of it can be read without
// reading what precedes it, and a server sends it without a content coding.
const NoCompression = packer.NoCompression

// Options are the options of Dir. The zero value is usable.
type Options struct {
	Level         int               // of compression, 1 to 9; 0 means 6, NoCompression stores
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
	// Base, if set, is an archive or a shard set (see tarpack.Open) from which unchanged files are
	// copied instead of compressed: those with the path, size and modification time that they have
	// there, unless the time proves nothing (see edit.UpdateOptions.Checksum). All else is as without
	// it, and Base itself is not changed. It excludes RemoveFiles, SkipUnreadable and block devices.
	Base string
	// EmbedIndex puts the index into the archive, which then has no sidecar (FORMAT.md 1.6). It
	// excludes block devices.
	EmbedIndex bool
	// RemoveFiles removes the files that were packed, after archive and sidecar are safely on disk.
	// A file that has changed since, or that was not packed, stays.
	RemoveFiles bool
	// Siblings, if set, leaves out the precompressed siblings of files: x.gz, x.br and x.zst beside x,
	// if each is one stream with exactly the content of x. Those in brotli and Zstandard are noted
	// there for variants.Build. A candidate that is not the content is packed, with a notice. It
	// excludes RemoveFiles and block devices.
	Siblings *siblings.Set

	// Notice, if set, is called for each file that is left out, with the reason.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *Options) packer() packer.Options {
	return packer.Options{
		Store: o.Store,
		Level: o.Level, Workers: o.Workers, Dedup: o.Dedup, Exclude: o.Exclude,
		PreserveOwner: o.PreserveOwner, Special: o.Special, SHA256: o.SHA256,
		LatestModTime: o.LatestModTime,
		Include:       o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
		Mode: o.Mode, Owner: o.Owner, Group: o.Group, ModTime: o.ModTime,
		Prefix: o.Prefix, Names: o.Names, ExactNames: o.ExactNames,
		SkipUnreadable: o.SkipUnreadable,
		RemoveFiles:    o.RemoveFiles, EmbedIndex: o.EmbedIndex, Siblings: o.Siblings,
		Notice: o.Notice, Progress: o.Progress,
	}
}

// StreamOptions are the options of Stream. The zero value is usable.
type StreamOptions struct {
	Level         int               // of compression, 1 to 9; 0 means 6, NoCompression stores
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

	// EmbedIndex puts the index into the archive, which then has no sidecar (FORMAT.md 1.6).
	EmbedIndex bool
	// Sidecar, if set, receives the sidecar when the archive is complete. It has no effect with
	// EmbedIndex.
	Sidecar io.Writer
	// Shard makes the archive a shard of a set, with the name that such a file must have.
	Shard bool

	// Notice, if set, is called for each file that is left out, with the reason.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *StreamOptions) packer() packer.Options {
	return packer.Options{
		Store: o.Store,
		Level: o.Level, Workers: o.Workers, Dedup: o.Dedup, Exclude: o.Exclude,
		PreserveOwner: o.PreserveOwner, Special: o.Special, SHA256: o.SHA256,
		LatestModTime: o.LatestModTime,
		Include:       o.Include, Dereference: o.Dereference, OneFileSystem: o.OneFileSystem,
		Mode: o.Mode, Owner: o.Owner, Group: o.Group, ModTime: o.ModTime,
		Prefix: o.Prefix, Names: o.Names, ExactNames: o.ExactNames,
		SkipUnreadable: o.SkipUnreadable, EmbedIndex: o.EmbedIndex,

		Notice: o.Notice, Progress: o.Progress,
	}
}

// FSOptions are the options of FS and StreamFS. The zero value is usable.
type FSOptions struct {
	Level   int               // of compression, 1 to 9; 0 means 6, NoCompression stores
	Store   *exclude.Patterns // files to store and not to compress; nil is none
	Workers int               // compressing goroutines; 0 means one for each CPU
	Dedup   format.DedupMode  // which equal files become hard links
	Exclude *exclude.Patterns // paths to leave out; nil leaves out none
	SHA256  bool              // put the SHA-256 of each content into the index
	// LatestModTime clamps later modification times to it. The zero time clamps none.
	LatestModTime time.Time

	// EmbedIndex puts the index into the archive, which then has no sidecar (FORMAT.md 1.6).
	EmbedIndex bool

	// Notice, if set, is called for each file that is left out, with the reason.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
}

func (o *FSOptions) packer() packer.Options {
	return packer.Options{
		Store: o.Store,
		Level: o.Level, Workers: o.Workers, Dedup: o.Dedup, Exclude: o.Exclude,
		LatestModTime: o.LatestModTime, SHA256: o.SHA256, EmbedIndex: o.EmbedIndex,
		Notice: o.Notice, Progress: o.Progress,
	}
}

// WriterOptions are the options of NewWriter. The zero value is usable.
type WriterOptions struct {
	Level   int               // of compression, 1 to 9; 0 means 6, NoCompression stores
	Store   *exclude.Patterns // files to store and not to compress; nil is none
	Workers int               // compressing goroutines; 0 means one for each CPU
	Dedup   format.DedupMode  // which equal files become hard links
	SHA256  bool              // put the SHA-256 of each content into the index
	// LatestModTime clamps later modification times to it. The zero time clamps none.
	LatestModTime time.Time

	// EmbedIndex puts the index into the archive, which then has no sidecar (FORMAT.md 1.6).
	EmbedIndex bool
	// Background gives the compressing goroutines the lowest priority where the system has one for
	// threads (Linux).
	Background bool

	// Progress, if set, is called after each entry that Close puts into the archive.
	Progress func(format.Progress)
}

func (o *WriterOptions) packer() packer.Options {
	return packer.Options{
		Level: o.Level, Store: o.Store, Workers: o.Workers, Dedup: o.Dedup, SHA256: o.SHA256,
		EmbedIndex: o.EmbedIndex, Background: o.Background, Progress: o.Progress,
	}
}

// Result describes an archive that was packed.
type Result struct {
	Stats        sidecar.Stats
	ArchiveBytes int64
	SidecarBytes int64 // 0 if the archive was written to a stream
	Removed      int64 // files and directories that RemoveFiles removed
	Unread       int64 // files and directories that SkipUnreadable left out
}

func newResult(r packer.Result) Result {
	return Result{
		Stats: r.Stats, ArchiveBytes: r.ArchiveBytes, SidecarBytes: r.SidecarBytes,
		Removed: r.Removed, Unread: r.Unread,
	}
}
