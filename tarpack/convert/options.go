package convert

import (
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/rewrite"
	"golang.org/x/text/encoding"
)

// Options are the options of Convert. The zero value is usable.
type Options struct {
	Level   int              // of compression, 1 to 9; 0 means 6, pack.NoCompression stores
	Workers int              // compressing goroutines; 0 means one for each CPU
	Dedup   format.DedupMode // which equal files become hard links
	DryRun  bool             // write nothing, only count
	SHA256  bool             // put the SHA-256 of each content into the index

	// ZipEncoding, if set, is the encoding of names in a zip that are not marked as UTF-8. A name
	// that is not valid in it is refused. Without it, names are taken as they are.
	ZipEncoding encoding.Encoding

	// Notice, if set, is called for each peculiarity of the input as a whole, such as attributes of
	// entries that are left out.
	Notice func(error)
	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
	// Problem, if set, is called for each entry that is refused. Calls do not overlap.
	Problem func(*format.Problem)
}

func (o *Options) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{
			Level: o.Level, Workers: o.Workers, Dedup: o.Dedup, SHA256: o.SHA256,
			Notice: o.Notice, Progress: o.Progress,
		},
		DryRun: o.DryRun,
	}
}

// StreamOptions are the options of Stream. The zero value is usable.
type StreamOptions struct {
	Level   int              // of compression, 1 to 9; 0 means 6, pack.NoCompression stores
	Workers int              // compressing goroutines; 0 means one for each CPU
	Dedup   format.DedupMode // which equal files become hard links
	SHA256  bool             // put the SHA-256 of each content into the index

	// ZipEncoding is that of Options.
	ZipEncoding encoding.Encoding
	// EmbedIndex puts the index into the archive, which then has no sidecar (FORMAT.md 1.6).
	EmbedIndex bool
	// Sidecar, if set, receives the sidecar when the archive is complete. It has no effect with
	// EmbedIndex.
	Sidecar io.Writer
	// Shard makes the archive a shard of a set, with the name that such a file must have.
	Shard bool

	// Notice, Progress and Problem are those of Options. Progress is that of reading the input.
	Notice   func(error)
	Progress func(format.Progress)
	Problem  func(*format.Problem)
}

func (o *StreamOptions) options() Options {
	return Options{
		Level: o.Level, Workers: o.Workers, Dedup: o.Dedup, SHA256: o.SHA256,
		ZipEncoding: o.ZipEncoding, Notice: o.Notice, Progress: o.Progress, Problem: o.Problem,
	}
}

// Result describes an archive that was converted.
type Result struct {
	Entries      int64         // of the new archive; with DryRun, entries that were read
	Refused      int64         // entries that were refused
	Stats        sidecar.Stats // of the new archive; zero with DryRun
	ArchiveBytes int64         // size of the new archive
	SidecarBytes int64         // size of its sidecar
}

// RepairOptions are the options of Repair. The zero value is usable.
type RepairOptions struct {
	Workers int  // goroutines; 0 means one for each CPU
	DryRun  bool // write nothing, only find out what is lost
	Single  bool // repair one shard of a set as an archive of its own

	// Progress, if set, is called after each entry, always from the same goroutine.
	Progress func(format.Progress)
	// Lost, if set, is called for each lost entry, in the order of the archive. If nothing in a
	// shard is whole, its entries come last. The path is "" where only the place of the damage is
	// known.
	Lost func(*format.Problem)
}

func (o *RepairOptions) rewrite() rewrite.Options {
	return rewrite.Options{
		Options: packer.Options{KeepLinks: true, Workers: o.Workers, Progress: o.Progress},
		DryRun:  o.DryRun,
	}
}

// RepairResult describes what Repair has found and saved.
type RepairResult struct {
	Damaged      bool          // the archive was damaged
	Saved        int64         // entries that are intact
	Lost         int64         // entries that are not, as far as is known
	CutOff       int64         // bytes behind the archive's end that are left out
	Stats        sidecar.Stats // of the new archive; zero if none was written
	ArchiveBytes int64         // size of the new archive
	SidecarBytes int64         // size of its sidecar
	Written      bool          // a new archive was written
	InPlace      bool          // out stands for the archive or set itself
	// Behind says what those bytes are; nil if there are none. Of a set, it is about the first shard
	// that has some.
	Behind *format.UnfinishedError
	// NoList means that all shards of a set are sound, but its list or sidecar did not fit or was
	// missing. In place they were written again.
	NoList bool
}
