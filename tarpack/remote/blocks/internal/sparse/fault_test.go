package sparse

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/tarpack/tpk/internal/osfile"
)

// A block is not marked as stored unless it was written whole.
func TestFailingWrites(t *testing.T) {
	for name, fail := range map[string]func(f *os.File, p []byte, off int64) (int, error){
		"full": func(*os.File, []byte, int64) (int, error) { return 0, syscall.ENOSPC },
		"half": func(f *os.File, p []byte, off int64) (int, error) {
			n, _ := f.WriteAt(p[:len(p)/2], off)
			return n, syscall.ENOSPC
		},
		"short": func(f *os.File, p []byte, off int64) (int, error) {
			return f.WriteAt(p[:len(p)/2], off)
		},
		"EIO": func(f *os.File, p []byte, off int64) (int, error) {
			_, _ = f.WriteAt(p, off)
			return 0, syscall.EIO
		},
	} {
		for _, table := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				c := config(t, 4)
				g := open(t, c)
				g.storeAll(0)
				g.write = func(f *os.File, p []byte, off int64) (int, error) {
					if (f == g.table) == table {
						return fail(f, p, off)
					}
					return f.WriteAt(p, off)
				}
				if err := g.Store(1, g.content(1)); err == nil {
					t.Error("no error")
				}
				if g.Has(1) {
					t.Error("the block is said to be there")
				}
				if n := onDiskOf(t, g.data); canPin && !table && n > BlockSize+headerSize {
					t.Errorf("%d bytes are taken for one block", n)
				}
				g.stored(1) // is right, or absent
				g.write = writeAt
				g.dir.left = 0
				g.storeAll(1)
				g.Keep(0, 4)
				g.close()
				g = open(t, c)
				if !g.stored(1) || g.stored(2) {
					t.Error("it is not stored after all")
				}
			})
		}
	}
}

// A process that was stopped while it changes the table holds up nobody.
func TestLockedTable(t *testing.T) {
	g := open(t, config(t, 4))
	g.storeAll(0)
	other, err := openFile(g.table.Name(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := tryLock(other, osfile.Exclusive); err != nil {
		t.Fatal(err)
	}
	if err := g.Store(1, g.content(1)); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	if err := g.Store(1, g.content(1)); !errors.Is(err, ErrBusy) { // at once
		t.Error(err)
	}
	g.expect("1000")
}
