package build

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// A SumList holds the SHA-256 of each MiB of a content. A [sidecar.SumTable] is one, and so is a
// [Sums], of the content that was written to it.
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
		binary.LittleEndian.PutUint64(v[layout.SumSize:], uint64(b.mibs.n))
		if err := b.mibs.add(it.MiBSums, n); err != nil {
			return nil, fmt.Errorf("%q: %w", it.Path, err)
		}
		b.mibFiles++
		b.mibSums += n
	}
	return v, nil
}

// itemSums is what the value of an item has of its sums.
type itemSums []byte

const itemSumsSize = layout.SumSize + 8 // SHA-256; u64: number of the first sum in the log

func (v itemSums) sum() []byte  { return v[:layout.SumSize] }
func (v itemSums) first() int64 { return int64(binary.LittleEndian.Uint64(v[layout.SumSize:])) }

// sumLog holds sums in the order of adding. The last of them are in memory, the others in a
// temporary file.
type sumLog struct {
	dir   string
	buf   []byte
	n     int64 // sums
	saved int64 // bytes in file
	file  *os.File
	name  string // of file, to be removed; "" if it has none
}

// sumLogBuffer is the number of bytes that a sumLog holds in memory.
const sumLogBuffer = 256 << 10

// add appends the first n sums of a list.
func (l *sumLog) add(from SumList, n int64) (err error) {
	const step = 1024 // sums
	for at := int64(0); at < n; {
		k := min(step, n-at)
		if len(l.buf) >= sumLogBuffer {
			if err := l.spill(); err != nil {
				return err
			}
		}
		before := len(l.buf)
		l.buf, err = from.AppendSums(l.buf, int(at), int(k))
		if got := int64(len(l.buf) - before); err == nil && got != k*layout.SumSize {
			err = fmt.Errorf("%w: %d bytes of %d sums", ErrItem, got, k)
		}
		if err != nil {
			l.buf = l.buf[:before]
			return err
		}
		at += k
		l.n += k
	}
	return nil
}

// put appends a sum.
func (l *sumLog) put(s layout.Sum) error {
	if len(l.buf) >= sumLogBuffer {
		if err := l.spill(); err != nil {
			return err
		}
	}
	l.buf = append(l.buf, s[:]...)
	l.n++
	return nil
}

// reset forgets all sums. It keeps the file, to be written over.
func (l *sumLog) reset() { l.buf, l.n, l.saved = l.buf[:0], 0, 0 }

// spill moves what is in memory to the file.
func (l *sumLog) spill() (err error) {
	if l.file == nil {
		if l.file, err = os.CreateTemp(l.dir, "tpk-sums-*.tmp"); err != nil {
			return err
		}
		if os.Remove(l.file.Name()) != nil { // a system that does not remove open files
			l.name = l.file.Name()
		}
	}
	if _, err := l.file.WriteAt(l.buf, l.saved); err != nil {
		return fmt.Errorf("writing a temporary file: %w", err)
	}
	l.saved += int64(len(l.buf))
	l.buf = l.buf[:0]
	return nil
}

// AppendSums implements [SumList].
func (l *sumLog) AppendSums(dst []byte, k, n int) ([]byte, error) {
	at, end := int64(k)*layout.SumSize, int64(k+n)*layout.SumSize
	if inFile := min(end, l.saved) - at; inFile > 0 {
		before := len(dst)
		dst = append(dst, make([]byte, inFile)...)
		if err := layout.ReadFull(l.file, dst[before:], at); err != nil {
			return dst[:before], err
		}
		at += inFile
	}
	if at < end {
		dst = append(dst, l.buf[at-l.saved:end-l.saved]...)
	}
	return dst, nil
}

func (l *sumLog) close() (err error) {
	if l.file == nil {
		return nil
	}
	err = l.file.Close()
	if l.name != "" {
		err = errors.Join(err, os.Remove(l.name))
	}
	l.file = nil
	return err
}

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
