package build

import (
	"crypto/sha256"
	"hash"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// recordsBuffer is how many bytes of records are read back at a time: whole records.
const recordsBuffer = layout.SectionBuffer / layout.RecordSize * layout.RecordSize

// hashSections reads all sections back and hashes them. It fills the gaps between them with zeros,
// and the totals into the records of directories. With sums, it adds the sections of block sums and
// list sums.
func (f *finisher) hashSections() error {
	fill, err := newPatcher(f.totals)
	if err != nil {
		return err
	}
	all := f.placed()
	blocks := io.Discard
	var sums *blockSums
	if f.b.opt.SHA256 {
		all = all[:layout.BlockSums]
		sums = f.newBlockSums()
		blocks = sums.blocks
	}
	buf := make([]byte, recordsBuffer)
	var zeros [layout.Alignment]byte
	for i := range all {
		s := &all[i]
		if err := f.hashSection(s, buf, fill, blocks); err != nil {
			return err
		}
		if gap := layout.Aligned(s.End()) - s.End(); gap > 0 && (i < len(all)-1 || sums != nil) {
			_, _ = blocks.Write(zeros[:gap]) // never fails
			if _, err := f.dst.WriteAt(zeros[:gap], s.End()); err != nil {
				return err
			}
		}
	}
	if sums != nil {
		return sums.finish()
	}
	return nil
}

// hashSection sets the hash of a section and writes the section to blocks. If it is that of the
// records, it fills in the totals first.
func (f *finisher) hashSection(
	s *layout.Span, buf []byte, fill *patcher, blocks io.Writer,
) error {
	d := xxhash.New()
	for at := int64(0); at < s.Len; {
		b := buf[:min(int64(len(buf)), s.Len-at)]
		if err := layout.ReadFull(f.dst, b, s.Off+at); err != nil {
			return err
		}
		if s == &f.sections[layout.Records] {
			patched, err := fill.apply(b, at/layout.RecordSize)
			if err != nil {
				return err
			}
			if patched {
				if _, err := f.dst.WriteAt(b, s.Off+at); err != nil {
					return err
				}
			}
		}
		d.Write(b)
		_, _ = blocks.Write(b) // never fails
		at += int64(len(b))
	}
	s.Hash = d.Sum64()
	return nil
}

// blockSums writes the sections of block sums and list sums. What comes before them is written to
// blocks, in order.
type blockSums struct {
	f      *finisher
	blocks *layout.BlockHasher // of the sidecar
	list   *layout.BlockHasher // of the section of block sums
	first  *hashingWriter      // the section of block sums
	second *hashingWriter      // the section of list sums
}

// newBlockSums places the two sections.
func (f *finisher) newBlockSums() *blockSums {
	blocks, lists := &f.sections[layout.BlockSums], &f.sections[layout.ListSums]
	blocks.Off = layout.Aligned(f.sections[layout.MiBSums].End())
	blocks.Len = layout.BlockSumsLen(blocks.Off)
	lists.Off = layout.Aligned(blocks.End())
	lists.Len = layout.ListSumsLen(blocks.Len)
	b := &blockSums{f: f}
	b.first, b.second = newHashingWriter(f.dst, blocks), newHashingWriter(f.dst, lists)
	b.list = layout.NewBlockHasher(0, func(s layout.Sum) { b.second.write(s[:]) })
	b.blocks = layout.NewBlockHasher(layout.HeaderSize, func(s layout.Sum) {
		b.first.write(s[:])
		_, _ = b.list.Write(s[:]) // never fails
	})
	return b
}

// finish completes both sections, and sets their hashes and the sum that the header has.
func (b *blockSums) finish() error {
	b.blocks.Close()
	b.list.Close()
	if err := b.first.finish(); err != nil {
		return err
	}
	if err := b.second.finish(); err != nil {
		return err
	}
	if gap := b.second.span.Off - b.first.span.End(); gap > 0 {
		var zeros [layout.Alignment]byte
		if _, err := b.f.dst.WriteAt(zeros[:gap], b.first.span.End()); err != nil {
			return err
		}
	}
	b.f.listsSum = layout.Sum(b.second.sum.Sum(nil))
	return nil
}

// hashingWriter writes a section and hashes it meanwhile.
type hashingWriter struct {
	span *layout.Span
	w    *layout.SectionWriter
	hash *xxhash.Digest
	sum  hash.Hash
}

func newHashingWriter(dst io.WriterAt, s *layout.Span) *hashingWriter {
	return &hashingWriter{
		span: s, w: layout.NewSectionWriter(dst, s.Off), hash: xxhash.New(), sum: sha256.New(),
	}
}

func (h *hashingWriter) write(b []byte) {
	h.w.Write(b)
	h.hash.Write(b)
	h.sum.Write(b)
}

// finish sets the hash of the section.
func (h *hashingWriter) finish() error {
	h.span.Hash = h.hash.Sum64()
	return h.w.Flush()
}
