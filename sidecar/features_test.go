package sidecar_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestFeatures: each bit of the two sets is known, or named in an error.
func TestFeatures(t *testing.T) {
	for bit := range 16 {
		name := fmt.Sprintf("bit %d ", bit)
		f := sidecar.Features{Required: sidecar.Final | 1<<bit}
		known := bit == 0
		if err := f.Check(); (err == nil) != known || err != nil &&
			(!errors.Is(err, sidecar.ErrVersion) || !strings.Contains(err.Error(), name)) {
			t.Errorf("required bit %d: %v", bit, err)
		}
		f = sidecar.Features{Required: sidecar.Final, Optional: 1 << bit}
		known = bit <= 2
		if err := f.CheckWrite(); (err == nil) != known || err != nil &&
			(!errors.Is(err, sidecar.ErrVersion) || !strings.Contains(err.Error(), name)) {
			t.Errorf("optional bit %d: %v", bit, err)
		}
		if err := f.Check(); err != nil {
			t.Errorf("optional bit %d: %v", bit, err)
		}
	}
	for _, required := range []uint16{0, 6, 0xfffe} {
		f := sidecar.Features{Required: required}
		if err := f.Check(); !errors.Is(err, sidecar.ErrDraft) {
			t.Errorf("required %#x: %v", required, err)
		}
	}
}

// TestOpenDraft: a draft of the format had its digest at byte 304.
func TestOpenDraft(t *testing.T) {
	b, _ := sidecartest.Example(t)
	binary.LittleEndian.PutUint64(b[304:], xxhash.Sum64(b[:304]))
	if _, err := sidecar.OpenBytes(b); !errors.Is(err, sidecar.ErrDraft) {
		t.Errorf("%v, want %v", err, sidecar.ErrDraft)
	}
}

// addSection returns a sidecar with a section of an optional feature of a later version.
func addSection(b []byte) []byte {
	h := (*layout.Header)(b)
	var sections []layout.Span
	for i := range int(h.NumSections()) {
		sections = append(sections, h.Section(i))
	}
	off := layout.Aligned(int64(len(b)))
	b = append(append(b, make([]byte, off-int64(len(b)))...), "of a later version"...)
	h = (*layout.Header)(b)
	sections = append(sections, layout.Span{ID: 99, Off: off, Len: int64(len(b)) - off})
	h.SetSections(sections)
	required, optional := h.Features()
	h.SetFeatures(required, optional|1<<15)
	sidecartest.Reseal(b)
	return b
}

// TestOptionalFeature: an index with an optional feature of a later version, and its section, is
// read and not verified.
func TestOptionalFeature(t *testing.T) {
	b, m := sidecartest.Example(t)
	b = addSection(b)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range m.Sorted {
		if got, ok, err := x.Lookup(want.Path); got != i || !ok || err != nil {
			t.Errorf("Lookup(%q) = %d, %v, %v", want.Path, got, ok, err)
		}
	}
	if err := x.Verify(); !errors.Is(err, sidecar.ErrVersion) {
		t.Errorf("Verify: %v", err)
	}
	if err := x.VerifyKnown(); err != nil {
		t.Errorf("VerifyKnown: %v", err)
	}
	b[len(b)-1] ^= 1
	if err := x.VerifyKnown(); !errors.Is(err, sidecar.ErrCorrupt) {
		t.Errorf("VerifyKnown of a changed section: %v", err)
	}
	b[len(b)-1] ^= 1
	(*layout.Header)(b).SetFeatures(sidecar.Final, 0)
	sidecartest.Reseal(b)
	if _, err := sidecar.OpenBytes(b); !errors.Is(err, sidecar.ErrCorrupt) {
		t.Errorf("without the feature: %v", err)
	}
}

// TestBuildFeatures: a builder states what it was told.
func TestBuildFeatures(t *testing.T) {
	for _, set := range []bool{false, true} {
		for _, shard := range []bool{false, true} {
			b := build.New(build.Options{Set: set})
			want := sidecar.Features{Required: sidecar.Final}
			if set {
				want.Optional |= sidecar.Set
			}
			if shard {
				b.MarkShard()
				want.Optional |= sidecar.Shard
			}
			var m build.Memory
			if _, _, err := b.Finish(&m, 1000); err != nil {
				t.Fatal(err)
			}
			x := sidecartest.MustOpen(t, m.Bytes())
			if x.Features() != want || b.Features() != want {
				t.Errorf("set %v, shard %v: %+v, %+v", set, shard, x.Features(), b.Features())
			}
		}
	}
}
