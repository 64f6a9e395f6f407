package sidecar_test

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"sync"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// TestAllocs: reading a sidecar in memory allocates nothing.
func TestAllocs(t *testing.T) {
	b, m := sidecartest.Example(t)
	x, err := sidecar.OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	wantNoAllocs(t, x, m)
}

// TestEmbeddedAllocs: nor does reading one that is embedded in an archive, once there is a buffer
// for what lies in two members.
func TestEmbeddedAllocs(t *testing.T) {
	b, m := sidecartest.Example(t)
	x, err := sidecar.OpenParts(sidecartest.Parts(b, 0), 0, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	wantNoAllocs(t, x, m)
}

func wantNoAllocs(t *testing.T, x *sidecar.Index, m *sidecartest.Model) {
	t.Helper()
	i, buf := m.At["d/text"], make([]byte, 0, layout.MaxPath)
	lengths := make([]uint32, 0, 2)
	for what, call := range map[string]func(){
		"Lookup, hit":  func() { x.Lookup("d/text") },
		"Lookup, miss": func() { x.Lookup("d/texts") },
		"Entry":        func() { x.Entry(i) },
		"Totals":       func() { x.Totals(m.At["d"]) },
		"AppendPath":   func() { buf, _ = x.AppendPath(buf[:0], i) },
		"AppendLink":   func() { buf, _ = x.AppendLink(buf[:0], m.At["link"]) },
		"End": func() {
			s, _ := x.Segments(m.At["big"])
			s.End(1)
		},
		"AppendLengths": func() {
			s, _ := x.Segments(m.At["big"])
			lengths, _ = s.AppendLengths(lengths[:0])
		},
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s allocates %v times", what, n)
		}
	}
}

// countingReader counts reads, also concurrent ones, and their bytes.
type countingReader struct {
	io.ReaderAt
	mu           sync.Mutex
	reads, bytes int
}

func (r *countingReader) ReadAt(b []byte, off int64) (int, error) {
	r.mu.Lock()
	r.reads++
	r.bytes += len(b)
	r.mu.Unlock()
	return r.ReaderAt.ReadAt(b, off)
}

// TestReads counts the reads through an io.ReaderAt, each of which may be a request over a network.
// They are as many for many entries as for few.
func TestReads(t *testing.T) {
	for _, n := range []int{10, 20_000} {
		b := build.New(build.Options{})
		size, err := sidecartest.BenchItems(n, b.Add)
		if err != nil {
			t.Fatal(err)
		}
		var m build.Memory
		if _, _, err := b.Finish(&m, size); err != nil {
			t.Fatal(err)
		}
		r := &countingReader{ReaderAt: bytes.NewReader(m.Bytes())}
		count := func(what string, reads, bytes int, call func() error) {
			t.Helper()
			r.reads, r.bytes = 0, 0
			if err := call(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if r.reads > reads || r.bytes > bytes {
				t.Errorf("%d files: %s reads %d times, %d bytes", n, what, r.reads, r.bytes)
			}
		}
		var x *sidecar.Index
		count("OpenReaderAt", 1, layout.HeaderSize, func() (err error) {
			x, err = sidecar.OpenReaderAt(r, int64(len(m.Bytes())))
			return err
		})
		var i int
		count("Lookup", 2, layout.BucketSize+layout.UsualBlock, func() error {
			var ok bool
			i, ok, err = x.Lookup(sidecartest.BenchPath(7))
			if !ok {
				return fmt.Errorf("%q is not found", sidecartest.BenchPath(7))
			}
			return err
		})
		count("Entry", 1, layout.RecordSize, func() error { _, err := x.Entry(i); return err })
		count("Totals of the root", 0, 0, func() error { _, err := x.Totals(sidecar.Root); return err })
		count("Totals", 1, layout.RecordSize, func() error {
			dir, _, err := x.Lookup(path.Dir(sidecartest.BenchPath(7)))
			if err == nil {
				r.reads, r.bytes = 0, 0
				_, err = x.Totals(dir)
			}
			return err
		})
		count("Path", 2, layout.UsualBlock, func() error { _, err := x.Path(i); return err })
		count("All", 3+3*len(m.Bytes())/(64<<10), len(m.Bytes())*11/10, func() error {
			for _, err := range x.All(0, x.Len()) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// TestReadsWithTable is TestReads for a sidecar whose table is in memory. Two reads fetch that.
// Then the path of a file is found with the read of its record, and most absent paths without any.
func TestReadsWithTable(t *testing.T) {
	b := build.New(build.Options{})
	size, err := sidecartest.BenchItems(20_000, b.Add)
	if err != nil {
		t.Fatal(err)
	}
	var m build.Memory
	if _, _, err := b.Finish(&m, size); err != nil {
		t.Fatal(err)
	}
	r := &countingReader{ReaderAt: bytes.NewReader(m.Bytes())}
	x, err := sidecar.OpenReaderAt(r, int64(len(m.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	right, err := sidecar.OpenBytes(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	r.reads, r.bytes = 0, 0
	if err := x.KeepTable(func(e *sidecar.Entry, path string) (same, known bool, err error) {
		i, ok, err := right.Lookup(path)
		if !ok || err != nil {
			return false, err == nil, err
		}
		is, err := right.Entry(i)
		return is.Offset == e.Offset, true, err
	}); err != nil || !x.TableKept() || r.reads != 2 || int64(r.bytes) != x.TableSize() {
		t.Fatal(err, r.reads, r.bytes)
	}
	const tries = 2000
	for _, c := range []struct {
		what  string
		path  func(i int) string
		found bool
		reads int // of all tries
	}{
		{"file", sidecartest.BenchPath, true, tries * 104 / 100},
		{"directory", func(i int) string { return sidecartest.BenchDir(i % 200) }, true,
			tries * 205 / 100},
		{"absent path", func(i int) string { return sidecartest.BenchPath(i) + "x" }, false, tries / 10},
	} {
		r.reads = 0
		for i := range tries {
			if _, ok, err := x.Lookup(c.path(i)); err != nil || ok != c.found {
				t.Fatalf("%s: %v, %v", c.path(i), ok, err)
			}
		}
		if r.reads > c.reads {
			t.Errorf("%s: %d reads of %d tries", c.what, r.reads, tries)
		}
	}
}
