package sidecar

import (
	"iter"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// itemsOf gives the items that an index was made of, with all that Finish found.
func itemsOf(x *Index) iter.Seq2[*Item, error] {
	return func(yield func(*Item, error) bool) {
		for row, err := range x.All(0, x.Len()) {
			it := &Item{Entry: row.Entry, Path: string(row.Path)}
			if err == nil && (it.Type == TypeSymlink || it.Type == TypeHardlink) {
				it.Link, err = x.Link(row.I)
			}
			if err == nil && it.Coding == coding.Segmented {
				var t SegmentTable
				t, err = x.Segments(row.I)
				it.Shift = t.Shift
				before := int64(0)
				for k := 0; k < t.NumSegments && err == nil; k++ {
					var end int64
					end, err = t.End(k)
					it.Segments = append(it.Segments, uint32(end-before))
					before = end
				}
			}
			if !yield(it, err) || err != nil {
				return
			}
		}
	}
}

func TestDigest(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 3000} {
		b := NewBuilder(BuilderOptions{})
		defer b.Close()
		size, err := benchItems(n, b.Add)
		if err != nil {
			t.Fatal(err)
		}
		add := func(it Item) {
			it.Offset, it.HeaderLen, it.Mode = size-layout.TrailerMember, 143, 0o644
			size += it.Length()
			if err := b.Add(it); err != nil {
				t.Fatal(err)
			}
		}
		add(Item{Path: "big", Entry: Entry{Type: TypeFile, Size: 3 << 20, ContentLen: 9018, PadLen: 40, Coding: coding.Segmented, Hash: 7, CRC: 8}, Shift: 20, Segments: []uint32{2900, 3100, 3000}})
		add(Item{Path: "link", Link: "big", Entry: Entry{Type: TypeHardlink, Duplicate: true}})
		add(Item{Path: "soft", Link: "else/where", Entry: Entry{Type: TypeSymlink}})
		var m Memory
		want, _, err := b.Finish(&m, size)
		if err != nil {
			t.Fatal(err)
		}
		x, err := OpenBytes(m.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := Digest(itemsOf(x), x.Len(), size)
		if err != nil || got != want {
			t.Errorf("%d entries: %016x, %v; want %016x", n, got, err, want)
		}
		if _, err := Digest(itemsOf(x), x.Len()+1, size); err == nil {
			t.Error("a wrong number of items is taken")
		}
	}
}

func BenchmarkDigest(b *testing.B) {
	x := benchIndex(b)
	for b.Loop() {
		if d, err := Digest(itemsOf(x), x.Len(), x.ArchiveSize()); err != nil || d != x.Digest() {
			b.Fatal(d, err)
		}
	}
}
