package sidecar_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestTruncated cuts a file short while it is open. Each method returns an error or, if the bytes
// it needs are still there, the right answer; the process survives. The test proves nothing on
// systems where files cannot be mapped, or not be cut while they are.
func TestTruncated(t *testing.T) {
	m := sidecartest.RandomModel(rand.New(rand.NewPCG(8, 8)), 1200)
	b := sidecartest.MustBuild(t, m)
	page := os.Getpagesize()
	if len(b) < 20*page {
		t.Fatalf("only %d bytes", len(b))
	}
	for _, size := range []int{0, 1, page, 5 * page, len(b) / 2, len(b) - page} {
		name := filepath.Join(t.TempDir(), "x.tpi")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := sidecar.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(name, int64(size)); err != nil {
			t.Fatal(err)
		}
		failed := 0
		askAll(x, m, func(what string, err error, right bool) {
			t.Helper()
			switch {
			case err == nil && !right:
				t.Errorf("cut to %d: %s: a wrong answer", size, what)
			case err != nil && !errors.Is(err, sidecar.ErrCorrupt):
				t.Errorf("cut to %d: %s: %v", size, what, err)
			case err != nil:
				failed++
			}
		})
		if err := x.Verify(); !errors.Is(err, sidecar.ErrCorrupt) {
			t.Errorf("cut to %d: Verify: %v", size, err)
		}
		if failed == 0 {
			t.Errorf("cut to %d: nothing failed", size)
		}
		if debug.SetPanicOnFault(false) {
			t.Errorf("cut to %d: the goroutine still asks for panics", size)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}
}

// askAll calls all methods of an Index except Verify. It passes to check the error of each call,
// and whether its answer is that of the model.
func askAll(x *sidecar.Index, m *sidecartest.Model,
	check func(what string, err error, right bool)) {
	for i, want := range m.Sorted {
		j, ok, err := x.Lookup(want.Path)
		check("Lookup", err, ok && j == i)
		e, err := x.Entry(i)
		check("Entry", err, sidecartest.Visible(e) == want.Entry)
		p, err := x.Path(i)
		check("Path", err, p == want.Path)
		if want.Type == sidecar.TypeSymlink || want.Type == sidecar.TypeHardlink {
			l, err := x.Link(i)
			check("Link", err, l == want.Link)
		}
		if s, err := x.Segments(i); want.Coding == coding.Segmented {
			check("Segments", err, s.NumSegments == len(want.Segments))
			if err == nil {
				end, err := s.End(0)
				check("End", err, end == int64(want.Segments[0]))
				lengths, err := s.AppendLengths(nil)
				check("AppendLengths", err, slices.Equal(lengths, want.Segments))
			}
		}
		for _, err := range x.Children(i) {
			if want.Type == sidecar.TypeDir {
				check("Children", err, true)
			}
		}
		if want.Type == sidecar.TypeDir {
			for row, err := range x.Dir(i) {
				check("Dir", err, err != nil || string(row.Path) == m.Sorted[row.Ordinal].Path)
			}
		}
	}
	for row, err := range x.All(0, x.Len()) {
		check("All", err, err != nil || string(row.Path) == m.Sorted[row.Ordinal].Path)
	}
}

// TestFaultMessage names the byte.
func TestFaultMessage(t *testing.T) {
	b, m := sidecartest.Example(t)
	name := filepath.Join(t.TempDir(), "x.tpi")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := sidecar.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Entry(m.At["d"]); !errors.Is(err, sidecar.ErrCorrupt) ||
		!strings.Contains(err.Error(), "byte 5") {
		t.Error(err)
	}
}

// TestWillNeed: a sidecar can be read after WillNeed with any limit, mapped or not.
func TestWillNeed(t *testing.T) {
	b, m := sidecartest.Example(t)
	for _, o := range sidecartest.Openers {
		for _, limit := range []int64{0, 1, 1 << 40} {
			x, err := o.Open(t, b)
			if err != nil {
				t.Fatal(err)
			}
			x.WillNeed(limit)
			sidecartest.Compare(t, x, m)
			if err := x.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
