package sidecar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Item is an entry to be indexed.
type Item struct {
	Entry
	Path string
	Link string // symbolic link: its text; hard link: the path of its target
	// Segmented file: log2 of the bytes of content in a segment, and the lengths of all segments in the deflate stream.
	Shift    uint8
	Segments []uint32
}

// BuilderOptions are the options of [NewBuilder]; the zero value will do.
type BuilderOptions struct {
	TempDir string // for what does not fit in memory; "" is the system's
	Memory  int    // bytes to hold before that, about; 0 means 64 MiB
	// Unordered leaves out the rules about what stands earlier than what: the index is not that of an archive, but of
	// something that becomes one. Everything works on it but Verify.
	Unordered bool
}

// Builder makes a sidecar. It is for one goroutine.
type Builder struct {
	opt   BuilderOptions
	items *sorter
	seq   uint64

	stats     Stats
	linkBytes int64 // texts of symbolic links
	segmented int64 // files
	segments  int64 // of all of them
	end       int64 // where the last member ends
	done      bool
}

// errDone is the error of a builder that was finished or closed.
var errDone = errors.New("sidecar: the builder is finished")

// DefaultMemory is what BuilderOptions.Memory stands for when it is 0.
const DefaultMemory = 64 << 20

// NewBuilder gives an empty Builder. Call Close when done with it.
func NewBuilder(o BuilderOptions) *Builder {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	return &Builder{opt: o, items: newSorter(o.TempDir, o.Memory/2)}
}

// Len is the number of items added.
func (b *Builder) Len() uint64 { return b.seq }

// Close drops the memory and the temporary files. It may be called at any time, and more than once.
func (b *Builder) Close() error {
	b.done = true
	return b.items.close()
}

// The value of an item in the sorter, whose key is the path in its sortable form: where it stands in the order of Add,
// its record, and what belongs to it.
const (
	itemSeq    = 0
	itemRecord = itemSeq + 8
	itemShift  = itemRecord + recordSize
	itemMore   = itemShift + 1 // text of a symbolic link, path of a hard link's target, or lengths of segments
)

// Add takes the next entry. Entries may come in any order of paths, but of two entries whose headers share a member the one
// that stands earlier in the archive must be added earlier. End, Target, of a link Size, and of a hard link Hash and Sniff
// need not be set: Finish finds them. An error that wraps [ErrItem] or [ErrPath] leaves the Builder as it was; any other
// is one of writing a temporary file, and final.
func (b *Builder) Add(it Item) error {
	if b.done {
		return errDone
	}
	if err := ValidPath(it.Path); err != nil {
		return err
	}
	switch it.Type {
	case TypeSymlink:
		it.Size, it.linkOffset = int64(len(it.Link)), 0
	case TypeHardlink:
		it.Size, it.Hash, it.Sniff, it.Target = 0, 0, 0, 0
	case TypeDir:
		it.End = 0
	}
	if err := it.check(); err != nil {
		return fmt.Errorf("%w: %q: %w", ErrItem, it.Path, err)
	}
	if b.seq >= maxEntries {
		return fmt.Errorf("%w: %q: there are %d already, the most that a sidecar can hold", ErrItem, it.Path, b.seq)
	}
	key, val, err := b.items.add(len(it.Path), itemMore+len(it.Link)+4*len(it.Segments))
	if err != nil {
		return err
	}
	sortable(key, it.Path)
	binary.LittleEndian.PutUint64(val[itemSeq:], b.seq)
	it.encode(val[itemRecord:])
	val[itemShift] = it.Shift
	more := val[itemMore+copy(val[itemMore:], it.Link):]
	if it.Type == TypeHardlink {
		sortable(val[itemMore:], it.Link)
	}
	for i, n := range it.Segments {
		binary.LittleEndian.PutUint32(more[4*i:], n)
	}
	b.count(&it)
	return nil
}

// count adds an item to the totals.
func (b *Builder) count(it *Item) {
	b.seq++
	b.stats.add(&it.Entry)
	b.end = max(b.end, it.Offset+it.Length())
	if it.Type == TypeSymlink {
		b.linkBytes += it.Size
	}
	if it.Coding == CodingSegmented {
		b.segmented++
		b.segments += int64(len(it.Segments))
	}
}

// check says what is wrong with an item whose path is valid.
func (it *Item) check() error {
	if err := it.Entry.check(); err != nil {
		return err
	}
	if it.Coding != CodingSegmented && (it.Shift != 0 || len(it.Segments) != 0) {
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
		if it.Coding == CodingSegmented {
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
	if err := checkSegments(it.Size, it.Shift, int64(len(it.Segments))); err != nil {
		return err
	}
	sum := int64(0)
	for i, n := range it.Segments {
		if n == 0 {
			return fmt.Errorf("segment %d of 0 bytes", i)
		}
		sum += int64(n)
	}
	if sum != it.ContentLen-memberOverhead {
		return fmt.Errorf("segments of %d bytes in a content member of %d", sum, it.ContentLen)
	}
	return nil
}

// sortable writes a path in a form whose order by bytes is the path order: with its slashes as NUL bytes, which a path
// does not have. The length stays.
func sortable(dst []byte, path string) {
	for i := range len(path) {
		c := path[i]
		if c == '/' {
			c = 0
		}
		dst[i] = c
	}
}

// appendReadable appends the path, or a part of it, that a sortable form stands for.
func appendReadable(dst, key []byte) []byte {
	n := len(dst)
	dst = append(dst, key...)
	for b := dst[n:]; ; {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return dst
		}
		b[i] = '/'
		b = b[i+1:]
	}
}
