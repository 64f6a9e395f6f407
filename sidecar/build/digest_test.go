package build_test

import (
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

func TestDigest(t *testing.T) {
	for _, n := range []int{0, 1, 15, 16, 17, 3000} {
		b := build.New(build.Options{})
		defer b.Close()
		size, err := sidecartest.BenchItems(n, b.Add)
		if err != nil {
			t.Fatal(err)
		}
		add := func(it build.Item) {
			it.Offset, it.HeaderLen, it.Mode = size-layout.TrailerMember, 143, 0o777
			size += it.Length()
			if err := b.Add(it); err != nil {
				t.Fatal(err)
			}
		}
		add(build.Item{Path: "big", Entry: sidecar.Entry{Type: sidecar.TypeFile, Size: 3 << 20,
			ContentLen: 9018, PadLen: 40, Coding: coding.Segmented, Hash: 7, CRC: 8}, Shift: 20,
			Segments: []uint32{2900, 3100, 3000}})
		add(build.Item{Path: "link", Link: "big", Entry: sidecar.Entry{Type: sidecar.TypeHardlink,
			Duplicate: true}})
		// A link in a folder that ends before its target, and two in one after it.
		add(build.Item{Path: "a", Entry: sidecar.Entry{Type: sidecar.TypeDir}})
		add(build.Item{Path: "a/link", Link: "big", Entry: sidecar.Entry{Type: sidecar.TypeHardlink}})
		add(build.Item{Path: "z", Entry: sidecar.Entry{Type: sidecar.TypeDir}})
		add(build.Item{Path: "z/1", Link: "big", Entry: sidecar.Entry{Type: sidecar.TypeHardlink}})
		add(build.Item{Path: "z/2", Link: "big", Entry: sidecar.Entry{Type: sidecar.TypeHardlink}})
		add(build.Item{Path: "soft", Link: "else/where", Entry: sidecar.Entry{Type: sidecar.TypeSymlink}})
		var m build.Memory
		want, _, err := b.Finish(&m, size)
		if err != nil {
			t.Fatal(err)
		}
		x, err := sidecar.OpenBytes(m.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		got, err := build.Digest(sidecartest.ItemsOf(x), x.Len(), size)
		if err != nil || got != want {
			t.Errorf("%d entries: %016x, %v; want %016x", n, got, err, want)
		}
		if _, err := build.Digest(sidecartest.ItemsOf(x), x.Len()+1, size); err == nil {
			t.Error("a wrong number of items is taken")
		}
	}
}
