package sidecar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Errors of building. They come wrapped, with the path concerned.
var (
	// ErrItem: a value of an item exceeds what the format can hold.
	ErrItem = errors.New("invalid entry")
	// ErrDuplicate: two entries have the same path (FORMAT.md 1.1, rule 1).
	ErrDuplicate = errors.New("duplicate path")
	// ErrNoParent: the archive has no entry for a directory on the entry's path, or has it later
	// (rule 2).
	ErrNoParent = errors.New("no parent directory earlier in the archive")
	// ErrNoTarget: the target of a hard link is not a regular file earlier in the archive (rule 3).
	ErrNoTarget = errors.New("no target of hard link earlier in the archive")
	// ErrCollision: thousands of paths have the same hash, which happens only to paths that were
	// made for it.
	ErrCollision = layout.ErrCollision
)

// Item is an entry to be indexed.
type Item struct {
	Entry
	Path string
	Link string // symbolic link: its text; hard link: the path of its target

	// Segmented file: the base-2 logarithm of the bytes of content in a segment, and the length in
	// bytes of each segment in the deflate stream.
	Shift    uint8
	Segments []uint32
}

// BuilderOptions are the options of [NewBuilder].
type BuilderOptions struct {
	// TempDir is the directory for temporary files, "" for that of the system.
	TempDir string
	// Memory is about how many bytes to hold in memory before temporary files are used. 0 stands
	// for 64 MiB.
	Memory int
	// Unordered omits the rules about what comes earlier in the archive. It is for the index of
	// something that will become an archive. All methods of such an index work except Verify.
	Unordered bool
}

// Builder makes a sidecar. It must not be used by two goroutines at a time.
type Builder struct {
	opt   BuilderOptions
	items *sorter
	n     uint64 // items

	stats     Stats
	linkBytes int64 // texts of symbolic links
	segmented int64 // files
	segments  int64 // of all segmented files
	end       int64 // of the last member in the archive
	done      bool
}

// errDone is the error of a builder that was finished or closed.
var errDone = errors.New("sidecar: the builder is finished")

const defaultMemory = 64 << 20

// NewBuilder returns an empty Builder. Call Close when done with it.
func NewBuilder(o BuilderOptions) *Builder {
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	return &Builder{opt: o, items: newSorter(o.TempDir, o.Memory/2)}
}

// Len returns the number of items added.
func (b *Builder) Len() uint64 { return b.n }

// Close releases the memory and removes the temporary files. It may be called at any time, and more
// than once.
func (b *Builder) Close() error {
	b.done = true
	return b.items.close()
}

// Add adds an entry. Entries may come in any order of paths. Of two entries whose headers share a
// member, the one that comes earlier in the archive must be added earlier.
//
// Finish sets End, Target, the Size of a link, and Hash and Sniff of a hard link: they are ignored
// here. An error that wraps [ErrItem] or [ErrPath] leaves the Builder as it was. Any other error is
// one of writing a temporary file, and final.
func (b *Builder) Add(it Item) error {
	if b.done {
		return errDone
	}
	if err := ValidPath(it.Path); err != nil {
		return err
	}
	switch it.Type {
	case TypeSymlink:
		it.Size = int64(len(it.Link))
	case TypeHardlink:
		it.Size, it.Hash, it.Sniff, it.Target = 0, 0, 0, 0
	case TypeDir:
		it.End = 0
	}
	if err := it.check(); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrItem, it.Path, err)
	}
	if b.n >= layout.MaxEntries {
		return fmt.Errorf("%w: %q: there are %d already, the most that a sidecar can hold",
			ErrItem, it.Path, b.n)
	}
	key, val, err := b.items.add(len(it.Path), itemMore+len(it.Link)+4*len(it.Segments))
	if err != nil {
		return err
	}
	sortable(key, it.Path)
	it.encode(itemValue(val), b.n)
	b.count(&it)
	return nil
}

// count adds an item to the totals.
func (b *Builder) count(it *Item) {
	b.n++
	b.stats.Add(&it.Entry)
	b.end = max(b.end, it.Offset+it.Length())
	if it.Type == TypeSymlink {
		b.linkBytes += it.Size
	}
	if it.Coding == coding.Segmented {
		b.segmented++
		b.segments += int64(len(it.Segments))
	}
}

// check returns what is wrong with an item whose path is valid.
func (it *Item) check() error {
	if err := it.Entry.Check(); err != nil {
		return err
	}
	if it.Coding != coding.Segmented && (it.Shift != 0 || len(it.Segments) != 0) {
		return fmt.Errorf("segments in an entry of coding %v", it.Coding)
	}
	switch it.Type {
	case TypeHardlink:
		if it.Link == it.Path {
			return errors.New("a hard link to itself")
		}
		return ValidPath(it.Link)
	case TypeSymlink:
		if strings.IndexByte(it.Link, 0) >= 0 {
			return errors.New("a link target with a NUL byte")
		}
		return nil
	case TypeFile:
		if it.Coding == coding.Segmented {
			return it.checkLengths()
		}
	}
	if it.Link != "" {
		return fmt.Errorf("a link target in an entry of type %v", it.Type)
	}
	return nil
}

// checkLengths checks the segments of a segmented file.
func (it *Item) checkLengths() error {
	if err := coding.CheckSegments(it.Size, it.Shift, int64(len(it.Segments))); err != nil {
		return err
	}
	sum := int64(0)
	for i, n := range it.Segments {
		if n == 0 {
			return fmt.Errorf("segment %d of 0 bytes", i)
		}
		sum += int64(n)
	}
	if sum != it.ContentLen-coding.Overhead {
		return fmt.Errorf("segments of %d bytes in a content member of %d", sum, it.ContentLen)
	}
	return nil
}

// putRecord sets a record to the values of an entry, which are within their limits. LinkOffset is
// the offset of a symbolic link's text in its section.
func putRecord(r *layout.Record, e *Entry, linkOffset int64) {
	wide, narrow := int64(0), uint32(0)
	switch e.Type {
	case TypeFile:
		wide, narrow = e.ContentLen, e.CRC
	case TypeDir:
		narrow = e.End
	case TypeSymlink:
		wide = linkOffset
	case TypeHardlink:
		narrow = e.Target
	case TypeChar, TypeBlock:
		wide = layout.JoinDevice(e.DevMajor, e.DevMinor)
	}
	r.SetHeader(e.Offset, e.HeaderLen)
	r.SetSize(e.Size, e.PadLen)
	r.SetWide(wide, uint8(e.Sniff))
	r.SetHash(e.Hash)
	r.SetNarrow(narrow)
	r.SetAttributes(e.ModTime, e.Mode, uint8(e.Type), uint8(e.Coding), e.Duplicate)
}

// Offsets in the value of an item in the sorter. Its key is the path in sortable form.
const (
	itemSeq    = 0                              // u64: the number of items added before
	itemRecord = itemSeq + 8                    // record
	itemShift  = itemRecord + layout.RecordSize // u8
	itemMore   = itemShift + 1                  // text or target of a link, or lengths of segments
)

// itemValue is the value of an item in the sorter.
type itemValue []byte

// encode sets v to the values of an item.
func (it *Item) encode(v itemValue, seq uint64) {
	binary.LittleEndian.PutUint64(v[itemSeq:], seq)
	putRecord(v.record(), &it.Entry, 0)
	v[itemShift] = it.Shift
	if it.Type == TypeHardlink {
		sortable(v.more(), it.Link)
		return
	}
	lengths := v.more()[copy(v.more(), it.Link):]
	for i, n := range it.Segments {
		binary.LittleEndian.PutUint32(lengths[4*i:], n)
	}
}

func (v itemValue) seq() uint64            { return binary.LittleEndian.Uint64(v[itemSeq:]) }
func (v itemValue) record() *layout.Record { return layout.AsRecord(v[itemRecord:]) }
func (v itemValue) shift() uint8           { return v[itemShift] }
func (v itemValue) more() []byte           { return v[itemMore:] }

// typ returns the type of the entry.
func (v itemValue) typ() Type { return Type(v.record().Type()) }
