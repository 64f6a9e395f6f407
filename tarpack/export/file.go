package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
)

// A Format is the format of an export.
type Format uint8

// The formats of exports.
const (
	TarGz Format = 1 + iota
	Zip
)

var formatNames = [...]string{"", "tar.gz", "zip"}

// String returns the usual suffix of a file's name, without its dot: tar.gz or zip.
func (f Format) String() string { return formatNames[f] }

// ParseFormat is the inverse of String. For any other name, ok is false.
func ParseFormat(name string) (f Format, ok bool) {
	switch name {
	case "tar.gz":
		return TarGz, true
	case "zip":
		return Zip, true
	}
	return 0, false
}

// layoutVersion is part of the tag. It must be increased whenever the bytes of an export change.
const layoutVersion = 2

// A File is an export that is generated while it is read. It is safe for concurrent use, and valid
// while its archive is open.
type File struct {
	a       *tarpack.Archive
	format  Format
	size    int64
	tag     uint64
	entries int
	body    layout
}

// A layout generates the bytes of a File.
type layout interface {
	// spans yields the bytes from off to end, or fewer if yield returns false.
	spans(off, end int64, yield func(Span) bool) error
}

// A Span is a range of an export: Bytes, or if that is nil, Length bytes of the archive at Offset.
// Bytes is valid until the next span.
type Span struct {
	Bytes          []byte
	Offset, Length int64
}

// A folder is what is exported, or of what something is: the entries from to to-1, which are path
// and everything below it.
type folder struct {
	a        *tarpack.Archive
	x        *sidecar.Index
	path     string // "" is the whole archive
	from, to int
	runs     []run // of what the export has
	count    int   // number of entries in runs
	trim     int   // bytes that names in a zip lack at their beginning
}

// Folder lays out the export of a directory with everything below it, or of a single entry. The
// path "" exports the whole archive. Entries have the same paths in the export as in the archive.
//
// It takes about 10 ms for 100,000 entries. The error wraps format.ErrNoEntry if path is not in the
// archive, and sidecar.ErrCorrupt if the index is damaged.
func Folder(a *tarpack.Archive, path string, as Format) (*File, error) {
	return FolderWithout(a, path, as, nil)
}

// FolderWithout is [Folder] without the entries for whose path omit returns true. It must do so for
// everything below such a directory, too, always return the same, and be safe for concurrent use. A
// hard link to an entry that is left out becomes a file.
func FolderWithout(
	a *tarpack.Archive, path string, as Format, omit func(path string) bool,
) (*File, error) {
	d, err := newFolder(a, path)
	if err == nil {
		err = d.keep(d.from, d.to, omit)
	}
	if err != nil {
		return nil, err
	}
	return d.layOut(as, d.tag(as))
}

// newFolder returns the folder at a path, without runs.
func newFolder(a *tarpack.Archive, path string) (*folder, error) {
	d := &folder{a: a, x: a.Index(), path: path, to: a.Index().Len()}
	if path == "" {
		return d, nil
	}
	i, ok, err := d.x.Lookup(path)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%q: %w", path, format.ErrNoEntry)
	}
	e, err := d.x.Entry(i)
	if err != nil {
		return nil, err
	}
	d.from, d.to = i, i+1
	if e.Type == sidecar.TypeDir {
		d.to = int(e.End)
	}
	return d, nil
}

// layOut lays out what the folder keeps.
func (d *folder) layOut(as Format, tag uint64) (*File, error) {
	f := &File{a: d.a, format: as, tag: tag}
	var err error
	switch as {
	case TarGz:
		f.body, f.size, f.entries, err = layOutTar(d)
	case Zip:
		f.body, f.size, f.entries, err = layOutZip(d)
	default:
		err = errors.New("export: unknown format")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.a.Name(), err)
	}
	return f, nil
}

// tag hashes everything that determines the bytes: the archive's digest, the selected entries, and
// the layout.
func (d *folder) tag(as Format) uint64 {
	b := []byte("tpk export")
	b = append(b, layoutVersion, byte(as))
	b = binary.LittleEndian.AppendUint64(b, d.x.Digest())
	b = binary.LittleEndian.AppendUint32(b, uint32(d.from))
	b = binary.LittleEndian.AppendUint32(b, uint32(d.to))
	for i := range d.omitted {
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
	}
	return xxhash.Sum64(b)
}

// Size returns the size of the export in bytes.
func (f *File) Size() int64 { return f.size }

// Format returns the format of the export.
func (f *File) Format() Format { return f.format }

// Entries returns the number of entries in the export.
func (f *File) Entries() int { return f.entries }

// Tag returns a number that differs if the bytes differ. It can serve as a strong entity tag (RFC
// 9110, section 8.8.3).
func (f *File) Tag() uint64 { return f.tag }

// spans yields the n bytes at offset off, which must be inside the file. An error ends the
// sequence. Without an error, the lengths of the spans add up to n.
func (f *File) spans(off, n int64) iter.Seq2[Span, error] {
	return func(yield func(Span, error) bool) {
		if off < 0 || n < 0 || off > f.size || n > f.size-off {
			yield(Span{}, fmt.Errorf("export: %d bytes at byte %d of %d", n, off, f.size))
			return
		}
		stopped := false
		err := f.body.spans(off, off+n, func(s Span) bool {
			if n -= s.Len(); n < 0 {
				return false
			}
			stopped = !yield(s, nil)
			return !stopped
		})
		if stopped {
			return
		}
		if err == nil && n != 0 {
			err = fmt.Errorf("%w: the export of %s comes out of another length than its index promised",
				sidecar.ErrCorrupt, f.a.Name())
		}
		if err != nil {
			yield(Span{}, err)
		}
	}
}

// Len returns the length of the span in bytes.
func (s *Span) Len() int64 {
	if s.Bytes != nil {
		return int64(len(s.Bytes))
	}
	return s.Length
}

// clip returns the part between off and end of a span that begins at offset at of the export. It is
// empty if there is none.
func (s Span) clip(at, off, end int64) Span {
	n := s.Len()
	skip, stop := max(off-at, 0), min(end-at, n)
	if skip >= stop {
		return Span{}
	}
	if s.Bytes != nil {
		return Span{Bytes: s.Bytes[skip:stop]}
	}
	return Span{Offset: s.Offset + skip, Length: stop - skip}
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("export: negative offset")
	}
	if off >= f.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), f.size-off)
	n := 0
	for s, err := range f.spans(off, want) {
		if err != nil {
			return n, err
		}
		if s.Bytes != nil {
			n += copy(p[n:], s.Bytes)
			continue
		}
		m, err := f.a.Source().ReadAt(p[n:n+int(s.Length)], s.Offset)
		n += m
		if int64(m) < s.Length {
			return n, truncated(f.a, err)
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// truncated returns the error of reading past the end of an archive that has become shorter.
func truncated(a *tarpack.Archive, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w", a.Name(), format.ErrTruncated)
	}
	return err
}
