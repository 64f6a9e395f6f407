package build

import (
	"errors"
	"fmt"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Options are the options of [New].
type Options struct {
	// TempDir is the directory for temporary files, "" for that of the system.
	TempDir string
	// Memory is about how many bytes to hold in memory before temporary files are used. 0 stands
	// for 64 MiB.
	Memory int
	// Unordered omits the rules about what comes earlier in the archive. It is for the index of
	// something that will become an archive. All methods of such an index work except Verify.
	Unordered bool
	// Set makes the index that of a set. Offsets run through all of its archives, so they may have
	// 56 bits. A directory may be added more than once: the first one counts.
	Set bool
	// SHA256 puts the SHA-256 of each content, and those of the sidecar itself, into the sidecar.
	// Every file that is not empty must have its sums.
	SHA256 bool
}

// maxSize returns how many bytes the archive, or the archives of the set, can have.
func (o *Options) maxSize() int64 {
	if o.Set {
		return layout.MaxSetOffset
	}
	return layout.MaxOffset
}

// Builder makes a sidecar. It must not be used by two goroutines at a time.
type Builder struct {
	opt   Options
	items *sorter.Sorter
	n     uint64 // items

	stats     sidecar.Stats
	linkBytes int64 // texts of symbolic links
	segmented int64 // files
	segments  int64 // of all segmented files
	mibFiles  int64 // files with sums of their MiBs
	mibSums   int64 // their sums
	mibs      SumLog
	end       int64 // of the last member in the archive
	done      bool

	features sidecar.Features
}

// errDone is the error of a builder that was finished or closed.
var errDone = errors.New("sidecar: the builder is finished")

const defaultMemory = 64 << 20

// New returns an empty Builder. Call Close when done with it.
func New(o Options) *Builder {
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	b := &Builder{opt: o, items: sorter.New(o.TempDir, o.Memory/2)}
	b.features.Required = sidecar.Final
	if o.Set {
		b.features.Optional = sidecar.Set
	}
	if o.SHA256 {
		b.features.Optional |= sidecar.SHA256
	}
	b.mibs.TempDir = o.TempDir
	return b
}

// MarkShard states that the archive was written as one of a set. It is called before Finish.
func (b *Builder) MarkShard() { b.features.Optional |= sidecar.Shard }

// Features returns the features that the sidecar states, and the trailer of its archive.
func (b *Builder) Features() sidecar.Features { return b.features }

// Len returns the number of items added, and after Finish the number of entries. They differ for a
// set, whose directories may be added again for each archive that has them.
func (b *Builder) Len() uint64 { return b.n }

// Close releases the memory and removes the temporary files. It may be called at any time, and more
// than once.
func (b *Builder) Close() error {
	b.done = true
	return errors.Join(b.items.Close(), b.mibs.Close())
}

// Add adds an entry. Entries may come in any order of paths. Of two entries whose headers share a
// member, the one that comes earlier in the archive must be added earlier.
//
// Finish sets End, Target, the Size of a link, and Hash and Sniff of a hard link: they are ignored
// here. An error that wraps [ErrItem] or [sidecar.ErrPath] leaves the Builder as it was. Any other
// error is one of writing a temporary file, and final.
func (b *Builder) Add(it Item) error {
	if b.done {
		return errDone
	}
	if err := sidecar.ValidPath(it.Path); err != nil {
		return err
	}
	switch it.Type {
	case sidecar.TypeSymlink:
		it.Size = int64(len(it.Link))
	case sidecar.TypeHardlink:
		it.Size, it.Hash, it.Sniff, it.Target = 0, 0, 0, 0
	case sidecar.TypeDir:
		it.End = 0
	}
	if err := it.check(); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrItem, it.Path, err)
	}
	if it.Offset > b.opt.maxSize() {
		return fmt.Errorf("%w: %q: offset %d", ErrItem, it.Path, it.Offset)
	}
	if b.n >= layout.MaxEntries {
		return fmt.Errorf("%w: %q: there are %d already, the most that a sidecar can hold",
			ErrItem, it.Path, b.n)
	}
	if b.stats.FileBytes > layout.MaxBytes-uint64(it.Size) {
		return fmt.Errorf("%w: %q: the files have more than 2^62 bytes", ErrItem, it.Path)
	}
	sums, err := b.addSums(&it)
	if err != nil {
		return err
	}
	n := itemMore + len(sums) + len(it.Link) + 4*len(it.Segments)
	key, val, err := b.items.Add(len(it.Path), n)
	if err != nil {
		return err
	}
	sortable(key, it.Path)
	it.encode(itemValue(val), b.n, sums)
	b.count(&it)
	return nil
}

// count adds an item to the totals.
func (b *Builder) count(it *Item) {
	b.n++
	b.stats.Add(&it.Entry)
	b.end = max(b.end, it.Offset+it.Length())
	if it.Type == sidecar.TypeSymlink {
		b.linkBytes += it.Size
	}
	if it.Coding == coding.Segmented {
		b.segmented++
		b.segments += int64(len(it.Segments))
	}
}
