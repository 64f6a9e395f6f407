package build

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// A SumList holds the SHA-256 of each MiB of a content. A [sidecar.SumTable] is one. [Sums] makes
// one of a content.
type SumList interface {
	// AppendSums appends n sums, 32 bytes each, from sum k on.
	AppendSums(dst []byte, k, n int) ([]byte, error)
}

// addSums checks the sums of an item and returns what its value in the sorter has of them: nothing
// unless it is a file with content and the sidecar has sums. Those of MiBs go to a log, because
// there is no limit to how many a file has.
func (b *Builder) addSums(it *Item) ([]byte, error) {
	if !b.opt.SHA256 || it.Type != sidecar.TypeFile || it.Size == 0 {
		return nil, nil
	}
	n := layout.NumMiBSums(it.Size)
	if it.SHA256 == (sidecar.Sum{}) || n > 0 && it.MiBSums == nil {
		return nil, fmt.Errorf("%w: %q: its SHA-256 is missing", ErrItem, it.Path)
	}
	v := make(itemSums, itemSumsSize)
	copy(v, it.SHA256[:])
	if n > 0 {
		first, err := b.mibs.Add(it.MiBSums, n)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", it.Path, err)
		}
		binary.LittleEndian.PutUint64(v[layout.SumSize:], uint64(first))
		b.mibFiles++
		b.mibSums += n
	}
	return v, nil
}

// DropSums makes the sidecar one without sums. Those of the items so far are given up. It is called
// before Finish.
func (b *Builder) DropSums() {
	b.opt.SHA256 = false
	b.features.Optional &^= sidecar.SHA256
}

// itemSums is what the value of an item has of its sums.
type itemSums []byte

const itemSumsSize = layout.SumSize + 8 // SHA-256; u64: number of the first sum in the log

func (v itemSums) sum() []byte  { return v[:layout.SumSize] }
func (v itemSums) first() int64 { return int64(binary.LittleEndian.Uint64(v[layout.SumSize:])) }

// writeSums writes the sections of content sums and MiB sums, which come after the table. It reads
// the items and the patches of hard links side by side, both in path order.
func (f *finisher) writeSums() error {
	if !f.b.opt.SHA256 {
		return nil
	}
	s := &f.sections
	s[layout.ContentSums].Off = layout.Aligned(s[layout.Table].End())
	s[layout.ContentSums].Len = int64(f.n) * layout.SumSize
	s[layout.MiBSums].Off = layout.Aligned(s[layout.ContentSums].End())
	s[layout.MiBSums].Len = layout.MiBSumsLen(f.b.mibFiles, f.b.mibSums)
	w := sumsWriter{
		f:        f,
		contents: layout.NewSectionWriter(f.dst, s[layout.ContentSums].Off),
		rows:     layout.NewSectionWriter(f.dst, s[layout.MiBSums].Off),
		mibs: layout.NewSectionWriter(f.dst,
			s[layout.MiBSums].Off+layout.MiBSumsAt(f.b.mibFiles)),
	}
	return w.run()
}

// sumsWriter writes two sections.
type sumsWriter struct {
	f                    *finisher
	contents, rows, mibs *layout.SectionWriter
	n                    uint64 // sums of MiBs so far
	buf                  []byte
}

func (w *sumsWriter) run() error {
	items, err := w.f.b.sorted()
	if err != nil {
		return err
	}
	links, err := newPatcher(w.f.patches)
	if err != nil {
		return err
	}
	w.rows.Uint64(uint64(w.f.b.mibFiles))
	for ordinal := range w.f.n {
		_, val, _, err := items.Next()
		if err == nil {
			err = links.skipTo(int64(ordinal))
		}
		if err == nil {
			err = w.item(ordinal, val, links)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(w.contents.Flush(), w.rows.Flush(), w.mibs.Flush())
}

// item writes the sums of an item. Links is at the patch of that item, if it has one.
func (w *sumsWriter) item(ordinal uint32, val itemValue, links *patcher) error {
	sum := w.contents.Next(layout.SumSize)
	clear(sum)
	switch val.typ() {
	case sidecar.TypeHardlink:
		copy(sum, linkPatch(links.val).sum())
	case sidecar.TypeFile:
		size := val.record().Size()
		if size == 0 {
			copy(sum, layout.EmptySum[:])
			break
		}
		sums := val.sums()
		copy(sum, sums.sum())
		if n := layout.NumMiBSums(size); n > 0 {
			return w.addMiBs(ordinal, sums.first(), n)
		}
	}
	return w.contents.Err()
}

// addMiBs writes the row and the sums of a file, n of the log.
func (w *sumsWriter) addMiBs(ordinal uint32, first, n int64) (err error) {
	layout.AsSegmentRow(w.rows.Next(layout.SegmentRowSize)).Set(ordinal, layout.SumShift, w.n)
	w.n += uint64(n)
	const step = layout.SectionBuffer / layout.SumSize
	for end := first + n; first < end; first += step {
		k := min(step, end-first)
		if w.buf, err = w.f.b.mibs.AppendSums(w.buf[:0], int(first), int(k)); err != nil {
			return err
		}
		w.mibs.Write(w.buf)
	}
	return w.mibs.Err()
}
