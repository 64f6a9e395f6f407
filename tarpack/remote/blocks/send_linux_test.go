package blocks

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What was fetched can be read at once, and sent from the file.
func TestSend(t *testing.T) {
	o := newObject(20*blockSize - 7)
	opts := inDir(t)
	g := o.open(t, opts)
	p := make([]byte, 3*blockSize)
	const off = 4*blockSize - 10
	if g.ReadNow(p, off) {
		t.Error("it was not fetched")
	}
	if _, ok, err := g.Piece(off, 5); ok || err != nil {
		t.Error("it was not fetched", err)
	}
	equal(t, o.asked())
	if err := g.Fetch(t.Context(), off, int64(len(p))); err != nil {
		t.Fatal(err)
	}
	if !g.ReadNow(p, off) || !bytes.Equal(p, o.content[off:][:len(p)]) {
		t.Error("it is not there at once, or wrong")
	}
	piece, ok, err := g.Piece(off, int64(len(p)))
	if !ok || err != nil || piece.Length != int64(len(p)) {
		t.Fatal(piece, ok, err)
	}
	defer piece.Release()
	equal(t, o.asked(), [2]int64{3, 4})
	if got := sendfile(t, piece.File, piece.Offset, piece.Length); !bytes.Equal(got, p) {
		t.Error("what sendfile sends is wrong")
	}
	if _, ok, _ := g.Piece(off, 9*blockSize); ok {
		t.Error("a part was not fetched")
	}
	if _, ok, _ := g.Piece(19*blockSize, blockSize); ok {
		t.Error("a part is behind the end")
	}
	// Another process, here another cache, takes what is there, and a later one what was confirmed.
	other := o.open(t, opts)
	if err := other.Fetch(t.Context(), off, int64(len(p))); err != nil || !other.ReadNow(p, off) {
		t.Error("another cache has not found it", err)
	}
	equal(t, o.asked())
}

// sendfile returns what the system sends from a file.
func sendfile(t *testing.T, f *os.File, off, n int64) []byte {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		for n > 0 {
			k, err := unix.Sendfile(int(w.Fd()), int(f.Fd()), &off, int(n))
			if err != nil {
				t.Error(err)
				return
			}
			n -= int64(k)
		}
	}()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return b
}

// Reading at once what is there allocates nothing that grows.
func TestReadNowAllocates(t *testing.T) {
	o := newObject(20 * blockSize)
	g := o.open(t, inDir(t))
	o.read(t, g, 0, 4*blockSize)
	p := make([]byte, 5000)
	if n := testing.AllocsPerRun(100, func() {
		if !g.ReadNow(p, blockSize-100) {
			t.Error("it is not there")
		}
	}); n > 8 {
		t.Errorf("%v allocations", n)
	}
}

// On a full disk the object is read all the same. There is one notice.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		if os.Getenv("COMPAT") == "require" {
			t.Fatal(err)
		}
		t.Skip("no right to mount a tmpfs:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	var notices []error
	o := newObject(100 * blockSize)
	g := o.open(t, Options{Dir: dir, Limit: 1 << 30,
		Notice: func(err error) { notices = append(notices, err) }})
	defer shut(t, g)
	err := os.WriteFile(filepath.Join(dir, "fill"), make([]byte, 1<<20), 0o600)
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	o.read(t, g, 0, 100*blockSize)
	o.read(t, g, 0, 100*blockSize)
	if len(notices) != 1 || !errors.Is(notices[0], ErrNotKept) || !errors.Is(notices[0], unix.ENOSPC) {
		t.Error(notices)
	}
	if !g.ReadNow(make([]byte, 10), 99*blockSize) {
		t.Error("what was read last is not in memory")
	}
	shut(t, g)
	// A new cache can't even begin.
	notices = nil
	cache := New(Options{Dir: dir, Notice: func(err error) { notices = append(notices, err) }})
	g = cache.Open("other", int64(len(o.content)), o.fetch)
	defer shut(t, g)
	o.read(t, g, 0, 100*blockSize)
	if len(notices) != 1 {
		t.Error(notices)
	}
}

// A directory that can't be written to is noticed, and left alone.
func TestReadOnlyDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_RDONLY, "size=1m,mode=0700"); err != nil {
		if os.Getenv("COMPAT") == "require" {
			t.Fatal(err)
		}
		t.Skip("no right to mount a tmpfs:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	var notices []error
	o := newObject(10 * blockSize)
	g := o.open(t, Options{Dir: dir, Notice: func(err error) { notices = append(notices, err) }})
	o.read(t, g, 0, 10*blockSize)
	if len(notices) != 1 || !errors.Is(notices[0], unix.EROFS) {
		t.Error(notices)
	}
}
