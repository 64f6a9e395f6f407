package sparse

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// A block is marked when its bytes are in the file, and not before.
func TestWriteThenMark(t *testing.T) {
	g := open(t, config(t, 4))
	marked := 0
	g.write = func(f *os.File, p []byte, off int64) (int, error) {
		if f == g.table && len(p) == slotSize {
			if s := parseSlot(p); s.present() {
				block := (off - headerSize) / slotSize
				data := make([]byte, g.length(block))
				if !readFull(g.data, data, block*BlockSize, false) || g.sum(block, data) != s.sum {
					t.Errorf("block %d is marked and not there", block)
				}
				marked++
			}
		}
		return f.WriteAt(p, off)
	}
	g.storeAll(0, 3)
	g.Keep(0, 4)
	g.Drop(0, 4)
	g.storeAll(3)
	if marked != 5 {
		t.Errorf("%d slots were written", marked)
	}
}

// A block is unmarked before its bytes are freed or changed, so that a reader notices.
func TestUnmarkThenChange(t *testing.T) {
	c := config(t, 4)
	g, other := open(t, c), open(t, c)
	wrong := bytes.Repeat([]byte("x"), BlockSize)
	if err := g.Store(1, wrong); err != nil {
		t.Fatal(err)
	}
	if !other.Load(1, make([]byte, BlockSize)) {
		t.Fatal("another descriptor does not find it")
	}
	looked := false
	g.write = func(f *os.File, p []byte, off int64) (int, error) {
		n, err := f.WriteAt(p, off)
		if f == g.data {
			looked = true
			if n := other.Read(make([]byte, 10), BlockSize, false); n > 0 {
				t.Error("the new bytes are taken for the old ones")
			}
		}
		return n, err
	}
	g.storeAll(1)
	if !looked {
		t.Error("nothing was tested")
	}
	other.expect("0100")
	// While it is pinned it is not replaced.
	g.write = writeAt
	_, release, ok := other.Pin(BlockSize, 10)
	if !ok {
		t.Fatal("not pinned")
	}
	if err := g.Store(1, wrong); err != errPinned {
		t.Error(err)
	}
	release()
	if err := g.Store(1, wrong); err != nil {
		t.Error(err)
	}
}

// A block that another process seems to have stored is stored again if its bytes are not there.
func TestStoredTwice(t *testing.T) {
	c := config(t, 4)
	g, other := open(t, c), open(t, c)
	g.storeAll(1)
	written := 0
	other.write = func(f *os.File, p []byte, off int64) (int, error) {
		written++
		return f.WriteAt(p, off)
	}
	other.storeAll(1)
	if written > 0 {
		t.Error("what is there was written again")
	}
	if _, err := g.data.WriteAt([]byte("edited"), BlockSize+9); err != nil {
		t.Fatal(err)
	}
	other.storeAll(1)
	other.expect("0100")
}

// Many generations share the limit of their directory, also if each stores little.
func TestManyGenerations(t *testing.T) {
	d, err := OpenDirectory(filepath.Join(t.TempDir(), "cache"), 128*BlockSize)
	if err != nil {
		t.Fatal(err)
	}
	var all []*File
	for _, key := range "abcdefghijklmnopqrstuvwxyz" {
		f, err := d.Open(string(key), 20*BlockSize)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all = append(all, f)
	}
	for block := range int64(20) {
		for _, f := range all {
			if err := f.Store(block, content("x", f.size, block)); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.usage(); n > d.limit {
			t.Fatalf("%d bytes of %d are taken", n, d.limit)
		}
	}
	for _, f := range all[:20] {
		for block := range int64(20) {
			f.Pin(block*BlockSize, BlockSize)
		}
	}
	if n := d.pinned.Load(); n == 0 || n > d.maxPinned() {
		t.Errorf("%d blocks are pinned", n)
	}
}
