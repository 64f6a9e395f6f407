package sidecar

import (
	"crypto/sha256"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// sums checks the sections of SHA-256 sums, if the sidecar has them: that the entries without
// content have none, that a hard link has its target's, that the rows of MiB sums are those of the
// contents with more than a MiB, and the sums of the sidecar itself. All has found no error in any
// entry. The sums of contents can be compared with the archive only.
func (v *verifier) sums() error {
	if !v.x.hasSums() {
		return nil
	}
	if err := v.contentSums(); err != nil {
		return err
	}
	return v.blockSums()
}

// contentSums checks the sections of content sums and MiB sums.
func (v *verifier) contentSums() error {
	files, err := v.x.numRows(layout.MiBSums, v.sc)
	if err != nil {
		return err
	}
	n, sums := int64(0), uint64(0) // so far
	for row, err := range v.x.All(0, v.x.Len()) {
		if err != nil {
			return err
		}
		if err := v.contentSum(&row); err != nil {
			return err
		}
		e := &row.Entry
		if e.Type != TypeFile || layout.NumMiBSums(e.Size) == 0 {
			continue
		}
		if n == files {
			return layout.Corruptf("entry %d has more than a MiB, and no sums of them", row.Ordinal)
		}
		r, err := v.x.rowAt(layout.MiBSums, n, &v.sc.bucket)
		if err != nil {
			return err
		}
		if r.Ordinal() != uint32(row.Ordinal) || r.Index() != sums {
			return layout.Corruptf("entry %d: its sums are listed for entry %d, from %d on",
				row.Ordinal, r.Ordinal(), r.Index())
		}
		t, err := v.x.sumRow(r, files, row.Ordinal, e.Size)
		if err != nil {
			return err
		}
		n++
		sums += uint64(t.Len)
	}
	if want := layout.MiBSumsLen(n, int64(sums)); n != files ||
		v.x.sections[layout.MiBSums].Len != want {
		return layout.Corruptf("%d files with %d sums in a section of %d bytes",
			n, sums, v.x.sections[layout.MiBSums].Len)
	}
	return nil
}

// contentSum checks the sum of an entry.
func (v *verifier) contentSum(row *Row) error {
	got, err := v.x.SHA256(row.Ordinal)
	if err != nil {
		return err
	}
	e := &row.Entry
	switch {
	case e.Type == TypeHardlink:
		if want, err := v.x.SHA256(int(e.Target)); err != nil || got != want {
			return layout.Corruptf("entry %d has SHA-256 %x, its target %x", row.Ordinal, got, want)
		}
	case e.Type != TypeFile && got != Sum{}, e.Type == TypeFile && e.Size == 0 && got != EmptySum:
		return layout.Corruptf("entry %d, a %v of %d bytes, has SHA-256 %x",
			row.Ordinal, e.Type, e.Size, got)
	}
	return nil
}

// blockSums checks the sums of the sidecar itself.
func (v *verifier) blockSums() error {
	x := v.x
	blocks, lists := x.sections[layout.BlockSums], x.sections[layout.ListSums]
	if err := v.sumsOf(layout.HeaderSize, 0, blocks.Off, layout.BlockSums); err != nil {
		return err
	}
	if err := v.sumsOf(blocks.Off, blocks.Off, blocks.End(), layout.ListSums); err != nil {
		return err
	}
	h, buf := sha256.New(), []byte(nil)
	for at := int64(0); at < lists.Len; at += layout.SumBlock {
		b, err := x.bytesAt(lists.Off+at, min(layout.SumBlock, lists.Len-at), &buf)
		if err != nil {
			return err
		}
		h.Write(b)
	}
	if got := Sum(h.Sum(nil)); got != x.listsSum {
		return layout.Corruptf("section %s has SHA-256 %x, the header states %x",
			layout.SectionName(lists.ID), got, x.listsSum)
	}
	return nil
}

// sumsOf compares the bytes of the sidecar from off to end, in blocks that count from base on, with
// the sums in a section.
func (v *verifier) sumsOf(off, base, end int64, section int) error {
	buf := []byte(nil)
	list := buffer{ahead: scanAhead}
	for k := int64(0); off < end; k++ {
		next := min(base+(k+1)*layout.SumBlock, end)
		b, err := v.x.bytesAt(off, next-off, &buf)
		if err != nil {
			return err
		}
		want, err := v.x.view(section, k*layout.SumSize, layout.SumSize, &list)
		if err != nil {
			return err
		}
		if got := sha256.Sum256(b); got != Sum(want) {
			return layout.Corruptf("bytes %d to %d have SHA-256 %x, section %s states %x",
				off, next, got, layout.SectionNames[section], want)
		}
		off = next
	}
	return nil
}
