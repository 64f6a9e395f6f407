// Package tarwriter writes the members of an archive (FORMAT.md 1) and hands each entry to the
// index.
//
//	file      WriteHeader, the content, WritePadding         H [C P]
//	group     AddToGroup …, FlushGroup                       G
//	links     AddLink … until the directory's files are written, then FlushLinks
//	trailer   Finish                                         T
//
// It writes what it is told: which entries there are and in which order is decided by package
// packer.
package tarwriter

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/internal/order"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/base"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// A Writer writes an archive. It is for one goroutine.
type Writer struct {
	*output.Writer
	Index Index // gets each entry that was written

	progress func(format.Progress) // nil: nobody wants to know
	done     format.Progress
	group    group
	links    []Link // of the current directory
	blocks   []byte // reused for the header blocks of each file
	member   []byte // reused for H and P of each file
}

// An Index takes the entries of an archive. It is a *build.Builder, or a spool.
type Index interface {
	Add(it build.Item) error
}

// A Link is an entry without content, of any type.
type Link struct {
	Header    format.Header
	Duplicate bool       // a hard link that replaces a duplicate
	Content   int64      // bytes of the content of a hard link's target, for progress
	Old       base.Entry // the entry at its path in the archive that is changed; zero if there is none
}

// New returns a Writer to out. It calls progress, if that is not nil, after each entry.
func New(out *output.Writer, progress func(format.Progress)) (*Writer, error) {
	// The bytes of a group do not depend on the level of the content.
	enc, err := gzmember.NewEncoder(9)
	return &Writer{Writer: out, progress: progress, group: group{enc: enc}}, err
}

// A shard that something is copied from must stay open as long as output needs it.
const _ = uint(base.HeldShards - output.MaxRuns)

// Waiting returns how many entries without content are not written yet: those of the current group,
// and links.
func (w *Writer) Waiting() (grouped, links int) { return len(w.group.items), len(w.links) }

// AddLink keeps a link until the files of its directory are written.
func (w *Writer) AddLink(l Link) { w.links = append(w.links, l) }

// FlushLinks adds the links of a directory to the group. The target of each comes before it,
// because all files of the directory are written.
func (w *Writer) FlushLinks() error {
	order.Sort(w.links, func(a, b Link) int {
		return strings.Compare(a.Header.Path, b.Header.Path)
	})
	for _, l := range w.links {
		if err := w.AddToGroup(l); err != nil {
			return err
		}
	}
	w.links = w.links[:0]
	return nil
}

// WriteHeader writes the current group, and the H of the file h.
func (w *Writer) WriteHeader(h *format.Header) (build.Item, error) {
	if err := w.FlushGroup(); err != nil {
		return build.Item{}, err
	}
	blocks, err := format.AppendHeader(w.blocks[:0], h)
	if err != nil {
		return build.Item{}, err
	}
	w.blocks = blocks
	w.member = gzmember.AppendTarHeader(w.member[:0], blocks)
	entry := build.Item{Path: h.Path}
	entry.Type, entry.Mode, entry.ModTime, entry.Size = h.Type, h.Mode, h.ModTime, h.Size
	entry.Offset, entry.HeaderLen = w.Off, int32(len(w.member))
	return entry, w.Put(w.member)
}

// WriteEmpty writes a file without content: H alone.
func (w *Writer) WriteEmpty(h *format.Header) error {
	entry, err := w.WriteHeader(h)
	if err != nil {
		return err
	}
	entry.Hash = sidecar.EmptyHash
	return w.record(&entry)
}

// WriteFile writes a file whose content, with its member, is in memory: H, C and P.
func (w *Writer) WriteFile(h *format.Header, c *input.Content, hash uint64) error {
	entry, err := w.WriteHeader(h)
	if err != nil {
		return err
	}
	b := c.Member.B
	if err := w.Put(b); err != nil {
		return err
	}
	entry.ContentLen = int64(len(b))
	entry.CRC = binary.LittleEndian.Uint32(b[len(b)-gzmember.MemberTrailerSize:])
	entry.Hash = hash
	entry.Sniff = sidecar.SniffContent(c.Bytes.B)
	entry.ContentSums = c.Sums
	return w.WritePadding(&entry, c.Coding, &c.Segments)
}

// WritePadding writes P where one is needed, and hands the entry, which is complete then, to the
// index. segments counts only if the coding is coding.Segmented.
func (w *Writer) WritePadding(
	entry *build.Item, c coding.Coding, segments *gzmember.Segments,
) error {
	entry.Coding = c
	var extra []byte
	if c == coding.Segmented {
		entry.Shift, entry.Segments = segments.Shift, segments.Lengths
		extra = segments.AppendExtra(nil)
	}
	if pad := format.Padding(entry.Size); pad > 0 || extra != nil {
		w.member = gzmember.AppendZeros(w.member[:0], pad, extra)
		entry.PadLen = int32(len(w.member))
		if err := w.Put(w.member); err != nil {
			return err
		}
	}
	return w.record(entry)
}

// CopyFile copies all members of the file e of an archive. The entry describes the file there; only
// its offset changes.
func (w *Writer) CopyFile(archive *os.File, e *sidecar.Entry, entry *build.Item) error {
	if err := w.FlushGroup(); err != nil {
		return err
	}
	entry.Offset = w.Off
	if err := w.Copy(archive, e.Offset, e.Length()); err != nil {
		return err
	}
	return w.record(entry)
}

// CopyContent writes the header h, and copies C and P of a file of an archive, which entry
// describes.
func (w *Writer) CopyContent(archive *os.File, h *format.Header, entry *build.Item) error {
	from := entry.ContentOffset()
	head, err := w.WriteHeader(h)
	if err != nil {
		return err
	}
	entry.Path = h.Path
	entry.Offset, entry.HeaderLen = head.Offset, head.HeaderLen
	entry.Mode, entry.ModTime = head.Mode, head.ModTime
	if err := w.Copy(archive, from, entry.ContentLen+int64(entry.PadLen)); err != nil {
		return err
	}
	return w.record(entry)
}

// record counts a file that was written and hands it to the index.
func (w *Writer) record(entry *build.Item) error {
	w.step(entry.Size)
	return w.Index.Add(*entry)
}

// step counts an entry of size bytes.
func (w *Writer) step(size int64) {
	w.done.Entries++
	w.done.Bytes += size
	if w.progress != nil {
		w.progress(w.done)
	}
}

// Finished describes an archive that was finished.
type Finished struct {
	Stats        sidecar.Stats
	ArchiveBytes int64
	SidecarBytes int64
	Digest       uint64 // of the sidecar
}

// Finish writes the sidecar to index, and the trailer with the sidecar's digest.
func (w *Writer) Finish(b *build.Builder, index *os.File) (Finished, error) {
	size := w.Off + format.EndSize
	digest, n, err := b.Finish(index, size)
	if err != nil {
		return Finished{}, err
	}
	t := format.Trailer{
		Entries: b.Len(), Offset: w.Off, Digest: digest, Features: b.Features(),
	}
	if err := w.Put(t.Append(nil)); err != nil {
		return Finished{}, err
	}
	if err := w.Flush(); err != nil {
		return Finished{}, err
	}
	x, err := sidecar.OpenReaderAt(index, n) // the reader must accept what the builder has made
	if err != nil {
		return Finished{}, fmt.Errorf("the sidecar that was just written: %w", err)
	}
	defer x.Close()
	return Finished{Stats: x.Stats(), ArchiveBytes: size, SidecarBytes: n, Digest: digest}, nil
}
