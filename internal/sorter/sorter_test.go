package sorter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSorter compares with slices.SortStableFunc, in memory and with runs on disk, few and many.
func TestSorter(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	keys := map[string]func() string{
		"random": func() string { return fmt.Sprint(r.Uint32()) },
		"equal":  func() string { return "same" },
		"few":    func() string { return strings.Repeat("x", r.IntN(4)) },
		"zeros":  func() string { return strings.Repeat("\x00", r.IntN(20)) },
		"long":   func() string { return strings.Repeat("abcdefgh", 20) + fmt.Sprint(r.IntN(500)) },
		"boundaries": func() string {
			return strings.Repeat("abcdefgh",
				r.IntN(3)) + strings.Repeat("\x00", r.IntN(2))
		},
		"huge": func() string { return strings.Repeat("y", 16380+r.IntN(4)) },
	}
	for name, key := range keys {
		for _, n := range []int{0, 1, 2, 9, 3000} {
			for _, budget := range []int{1, 200_000, 100 << 20} {
				if name == "huge" && n > 100 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%d/%d", name, n, budget),
					func(t *testing.T) { checkSorter(t, r, key, n, budget) })
			}
		}
	}
}

func checkSorter(t *testing.T, r *rand.Rand, key func() string, n, budget int) {
	type record struct{ key, val string }
	s := New(t.TempDir(), budget)
	defer s.Close()
	var want []record
	for i := range n {
		rec := record{key(), fmt.Sprint(i, strings.Repeat(".", r.IntN(50)))}
		want = append(want, rec)
		k, v, err := s.Add(len(rec.key), len(rec.val))
		if err != nil {
			t.Fatal(err)
		}
		copy(k, rec.key)
		copy(v, rec.val)
	}
	slices.SortStableFunc(want, func(a, b record) int { return strings.Compare(a.key, b.key) })
	for range 2 { // it can be read more than once
		it, err := s.Iterate()
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			k, v, ok, err := it.Next()
			if !ok || err != nil || string(k) != want[i].key || string(v) != want[i].val {
				t.Fatalf("record %d is %.40q, %q, %v, %v; want %.40q, %q", i, k, v, ok, err,
					want[i].key, want[i].val)
			}
		}
		if _, _, ok, err := it.Next(); ok || err != nil {
			t.Fatalf("after the end: %v, %v", ok, err)
		}
	}
	if budget == 1 && n == 3000 && len(s.runs) < 2 {
		t.Errorf("%d runs", len(s.runs))
	}
}

// TestSorterMemory: the memory stays near the budget for any records.
func TestSorterMemory(t *testing.T) {
	const budget = 1 << 20
	s := New(t.TempDir(), budget)
	defer s.Close()
	for i := range 200_000 {
		n := 10
		if i%5000 == 0 {
			n = 40_000
		}
		if _, _, err := s.Add(n, 0); err != nil {
			t.Fatal(err)
		}
		if held := s.held + refMemory*cap(s.order); held > budget*5/4 {
			t.Fatalf("after %d records it holds %d bytes", i, held)
		}
	}
	if len(s.runs) < 5 {
		t.Errorf("%d runs", len(s.runs))
	}
}

// TestSorterErrors: no room for temporary files, and one that is cut short.
func TestSorterErrors(t *testing.T) {
	fill := func(s *Sorter) error {
		for i := range 5000 {
			k, _, err := s.Add(20, 0)
			if err != nil {
				return err
			}
			copy(k, fmt.Sprint(i*7919%5000))
		}
		return nil
	}
	s := New(filepath.Join(t.TempDir(), "missing"), 1)
	if err := fill(s); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a directory: %v", err)
	}
	if _, _, err := s.Add(1, 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error does not stay: %v", err)
	}
	if _, err := s.Iterate(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error does not stay: %v", err)
	}

	s = New(t.TempDir(), 1)
	defer s.Close()
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	if err := s.file.Truncate(s.file.size / 2); err != nil {
		t.Fatal(err)
	}
	it, err := s.Iterate()
	for ok := true; ok && err == nil; {
		_, _, ok, err = it.Next()
	}
	if err == nil {
		t.Error("a temporary file that is cut short is not noticed")
	}
}

// TestTempFile: its name is gone while it is in use.
func TestTempFile(t *testing.T) {
	dir := t.TempDir()
	f, err := newTempFile(dir)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 && f.name == "" {
		t.Errorf("%v is there", left)
	}
	if _, err := f.Write([]byte("abc")); err != nil {
		t.Error(err)
	}
	b := make([]byte, 3)
	if _, err := f.ReadAt(b, 0); err != nil || !bytes.Equal(b, []byte("abc")) {
		t.Errorf("%q, %v", b, err)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
