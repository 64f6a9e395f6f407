package shardset_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/source"
)

// writeSet writes the archives of a set of n shards, and returns its names and all its bytes.
func writeSet(t *testing.T, n int) (format.SetName, []byte) {
	t.Helper()
	name := format.SetNameOf(filepath.Join(t.TempDir(), "a.tar.gz"), n)
	var whole []byte
	for i := range n {
		b := tartest.ForgeRight(t, tartest.AFile(fmt.Sprintf("f%d", i), tartest.Text("x", 100*i)))
		tartest.WriteFile(t, name.Shard(i), b)
		whole = append(whole, b...)
	}
	return name, whole
}

// openSet returns the File of a set, with the list that its shards have.
func openSet(t *testing.T, name format.SetName) *shardset.File {
	t.Helper()
	l, err := shardset.ListFromShards(name)
	if err != nil {
		t.Fatal(err)
	}
	f := shardset.NewFile(name, l)
	t.Cleanup(func() { f.Close() })
	return f
}

// The shards read as one file, also across their borders and at its end, with few of them open.
func TestFileReadAt(t *testing.T) {
	name, whole := writeSet(t, 5)
	f := openSet(t, name)
	f.Limit = 2
	if f.Size() != int64(len(whole)) {
		t.Fatalf("%d bytes, want %d", f.Size(), len(whole))
	}
	read := func(step, at int) {
		b := make([]byte, step)
		n, err := f.ReadAt(b, int64(at))
		want := whole[at:min(at+step, len(whole))]
		if !bytes.Equal(b[:n], want) || (err == io.EOF) != (n < step) || err != nil && err != io.EOF {
			t.Errorf("%d bytes at %d: %d, %v", step, at, n, err)
		}
	}
	var all sync.WaitGroup
	for _, step := range []int{1, 7, 100, 1000, len(whole), len(whole) + 1} {
		all.Go(func() {
			for at := 0; at < len(whole); at += max(step/2, 29) {
				read(step, at)
			}
		})
	}
	all.Wait()
	if n := f.Recent.Len(); n > 2 {
		t.Errorf("%d shards are open", n)
	}
	for _, c := range []struct {
		off int64
		eof bool
	}{{f.Size(), true}, {f.Size() + 1, true}, {-1, false}} {
		n, err := f.ReadAt(make([]byte, 1), c.off)
		if n != 0 || err == nil || (err == io.EOF) != c.eof {
			t.Errorf("at %d: %d, %v", c.off, n, err)
		}
	}
}

// Place finds the shard of each byte.
func TestFilePlace(t *testing.T) {
	name, _ := writeSet(t, 3)
	f := openSet(t, name)
	start := int64(0)
	for i := range name.N {
		fi, err := os.Stat(name.Shard(i))
		if err != nil {
			t.Fatal(err)
		}
		for _, off := range []int64{start, start + 1, start + fi.Size() - 1} {
			if s, at := f.Place(off); s != i || at != start {
				t.Errorf("byte %d: shard %d at %d, want %d at %d", off, s, at, i, start)
			}
		}
		start += fi.Size()
	}
}

// A shard that is held stays open when it is no longer among the recent ones, and after Close.
func TestFileHeld(t *testing.T) {
	name, _ := writeSet(t, 3)
	f := openSet(t, name)
	f.Limit = 1
	held, err := f.Acquire(0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadAt(make([]byte, f.Size()), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := held.File.Stat(); err != nil {
		t.Errorf("after others were read: %v", err)
	}
	f.Close()
	if _, err := held.File.Stat(); err != nil {
		t.Errorf("after Close: %v", err)
	}
	f.Release(held)
	if _, err := held.File.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Release: %v", err)
	}
	if _, err := f.Acquire(1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a shard of a closed set: %v", err)
	}
}

// A set is a source.Source whose pieces end with their shard.
func TestFilePieces(t *testing.T) {
	name, whole := writeSet(t, 3)
	f := openSet(t, name)
	if m, _ := f.Map(); m != nil {
		t.Errorf("%d bytes are mapped", len(m))
	}
	_, second := f.Place(f.Size() / 2)
	if f.ReadNow(make([]byte, 1), second) {
		t.Error("ReadNow reads a shard that is not open")
	}
	if err := f.Fetch(t.Context(), 0, f.Size()); err != nil {
		t.Fatal(err)
	}
	for off := int64(0); off < f.Size(); {
		p, ok, err := f.Piece(off, f.Size())
		if err != nil || !ok || p.Length < 1 {
			t.Fatalf("at %d: %+v, %t, %v", off, p, ok, err)
		}
		b := make([]byte, p.Length)
		if _, err := p.File.ReadAt(b, p.Offset); err != nil ||
			!bytes.Equal(b, whole[off:][:p.Length]) {
			t.Errorf("%d bytes at %d: %v", p.Length, off, err)
		}
		p.Release()
		now := make([]byte, p.Length)
		if f.ReadNow(now, off) && !bytes.Equal(now, b) {
			t.Errorf("ReadNow at %d: other bytes", off)
		}
		if f.ReadNow(make([]byte, p.Length+1), off) {
			t.Errorf("ReadNow at %d: it goes beyond the shard", off)
		}
		off += p.Length
	}
	for _, off := range []int64{-1, f.Size() + 1} {
		if _, ok, err := f.Piece(off, 1); ok || err == nil {
			t.Errorf("a piece at %d", off)
		}
	}
}

// Check compares the list with the one that was opened, and the shards if there is none.
func TestFileCheck(t *testing.T) {
	name, _ := writeSet(t, 3)
	l, err := shardset.ListFromShards(name)
	if err != nil {
		t.Fatal(err)
	}
	f := shardset.NewFile(name, l)
	t.Cleanup(func() { f.Close() })
	other := *l
	other.Shards = slices.Clone(l.Shards)
	other.Shards[1].Digest++
	if f.Identity() == shardset.NewFile(name, &other).Identity() {
		t.Errorf("two generations have the identity %q", f.Identity())
	}
	for _, c := range []struct {
		list []byte
		err  error
	}{
		{l.Append(nil), nil}, {other.Append(nil), source.ErrChanged},
		{[]byte("rubbish"), source.ErrUnavailable},
	} {
		tartest.WriteFile(t, name.List(), c.list)
		if err := f.Check(); !errors.Is(err, c.err) {
			t.Errorf("%.20q: %v", c.list, err)
		}
	}
	if err := os.Remove(name.List()); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err != nil {
		t.Errorf("without a list: %v", err)
	}
	if err := os.Remove(name.Shard(1)); err != nil {
		t.Fatal(err)
	}
	if err := f.Check(); err == nil {
		t.Error("without a shard: no error")
	}
}

// A shard is read under its temporary name, but not if it is missing or another one.
func TestFileWrongShard(t *testing.T) {
	type names = format.SetName
	for _, c := range []struct {
		name   string
		change func(s names) error
		err    error
	}{
		{"pending", func(s names) error { return os.Rename(s.Shard(1), s.Pending(1)) }, nil},
		{"missing", func(s names) error { return os.Remove(s.Shard(1)) }, format.ErrShard},
		{"another", func(s names) error { return os.Rename(s.Shard(2), s.Shard(1)) }, format.ErrShard},
		{"cut", func(s names) error { return os.Truncate(s.Shard(1), 100) }, format.ErrTruncated},
	} {
		name, whole := writeSet(t, 3)
		f := openSet(t, name)
		if err := c.change(name); err != nil {
			t.Fatal(err)
		}
		_, start := f.Place(f.Size() / 2)
		b := make([]byte, 10)
		_, err := f.ReadAt(b, start)
		if !errors.Is(err, c.err) || err == nil && !bytes.Equal(b, whole[start:][:10]) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
	}
}

// Goroutines that open a shard at the same time get the same file, and no other one stays open.
func TestFileOpenedTogether(t *testing.T) {
	name, _ := writeSet(t, 2)
	f := openSet(t, name)
	for range 20 {
		f.Limit = 1
		if _, err := f.ReadAt(make([]byte, 1), f.Size()-1); err != nil { // closes shard 0
			t.Fatal(err)
		}
		var files [16]*os.File
		var all sync.WaitGroup
		for k := range files {
			all.Go(func() {
				p, ok, err := f.Piece(0, 1)
				if err != nil || !ok {
					t.Error(ok, err)
					return
				}
				files[k] = p.File
				if _, err := p.File.ReadAt(make([]byte, 1), p.Offset); err != nil {
					t.Error(err)
				}
				defer p.Release()
			})
		}
		all.Wait()
		for _, file := range files {
			if file != files[0] {
				t.Fatal("two files of one shard")
			}
		}
	}
	f.Close()
	if _, _, err := f.Piece(0, 1); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}

// Sets with other bytes have other identities, also if they have no list and equal sizes.
func TestFileIdentity(t *testing.T) {
	name, _ := writeSet(t, 2)
	before := openSet(t, name)
	if again := openSet(t, name); again.Identity() != before.Identity() {
		t.Error("one set, two identities")
	}
	if err := before.Check(); err != nil {
		t.Error(err)
	}
	shard := func(text string) []byte { return tartest.ForgeRight(t, tartest.AStored("f1", text)) }
	tartest.WriteFile(t, name.Shard(1), shard("one"))
	before = openSet(t, name)
	tartest.WriteFile(t, name.Shard(1), shard("two"))
	if after := openSet(t, name); after.Size() != before.Size() {
		t.Errorf("%d bytes, want %d", after.Size(), before.Size())
	} else if after.Identity() == before.Identity() {
		t.Error("two sets, one identity")
	}
}
