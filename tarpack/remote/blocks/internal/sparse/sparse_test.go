package sparse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"
)

// content returns the bytes of a block. It differs between blocks and generations.
func content(key string, size, block int64) []byte {
	var seed [32]byte
	copy(seed[:], key)
	binary.LittleEndian.PutUint64(seed[24:], uint64(block))
	b := make([]byte, min(BlockSize, size-block*BlockSize))
	_, _ = rand.NewChaCha8(seed).Read(b)
	return b
}

// generationOf is a generation that tests store blocks of.
type generationOf struct {
	t testing.TB
	Config
	*File
}

// Config is what a generation is opened with.
type Config struct {
	Dir, Key    string
	Size, Limit int64
}

func (c Config) open() (*File, error) {
	d, err := OpenDirectory(c.Dir, c.Limit)
	if err != nil {
		return nil, err
	}
	return d.Open(c.Key, c.Size)
}

// unopened returns a File that has the names of its files.
func (c Config) unopened() *File {
	return (&Directory{name: c.Dir, limit: c.Limit, now: time.Now}).file(c.Key, c.Size)
}

func open(t testing.TB, c Config) *generationOf {
	t.Helper()
	f, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	g := &generationOf{t, c, f}
	t.Cleanup(g.close)
	return g
}

func (g *generationOf) close() {
	if g.File != nil {
		if err := g.Close(); err != nil {
			g.t.Error(err)
		}
		g.File = nil
	}
}

func (g *generationOf) content(block int64) []byte { return content(g.Key, g.Size, block) }

func (g *generationOf) storeAll(blocks ...int64) {
	g.t.Helper()
	for _, b := range blocks {
		if err := g.Store(b, g.content(b)); err != nil {
			g.t.Fatal(b, err)
		}
	}
}

// stored reports whether a block can be loaded. Its bytes must be right then.
func (g *generationOf) stored(block int64) bool {
	g.t.Helper()
	want := g.content(block)
	b := make([]byte, len(want))
	if !g.Load(block, b) {
		return false
	}
	if !bytes.Equal(b, want) {
		g.t.Errorf("block %d: wrong bytes", block)
	}
	return true
}

// expect checks which blocks are stored: "1" is stored, "0" is absent.
func (g *generationOf) expect(want string) {
	g.t.Helper()
	g.expectOf("all", g.blocks(), want)
}

// expectOf is expect for the first blocks.
func (g *generationOf) expectOf(when string, blocks int64, want string) {
	g.t.Helper()
	got := ""
	for b := range blocks {
		got += map[bool]string{true: "1", false: "0"}[g.stored(b)]
	}
	if got != want {
		g.t.Errorf("%s: stored %s, want %s", when, got, want)
	}
}

func config(t testing.TB, blocks int64) Config {
	return Config{Dir: filepath.Join(t.TempDir(), "cache"), Key: "one",
		Size: blocks*BlockSize - BlockSize/2, Limit: 1 << 30}
}

func TestRead(t *testing.T) {
	g := open(t, config(t, 5))
	g.storeAll(0, 1, 2, 4)
	var all []byte
	for b := range g.blocks() {
		all = append(all, g.content(b)...)
	}
	for _, c := range []struct{ off, n, want int64 }{
		{0, 1, 1}, {0, BlockSize, BlockSize}, {10, 2 * BlockSize, 2 * BlockSize},
		{0, g.Size, 3 * BlockSize}, {3 * BlockSize, 1, 0}, {3*BlockSize - 1, 2, 1},
		{4 * BlockSize, BlockSize / 2, BlockSize / 2}, {g.Size - 1, 1, 1},
	} {
		for _, now := range []bool{false, true} {
			p := make([]byte, c.n)
			n := g.Read(p, c.off, now)
			if int64(n) != c.want && !(now && n == 0) || !bytes.Equal(p[:n], all[c.off:][:n]) {
				t.Errorf("%d bytes from %d (at once: %v): read %d, want %d", c.n, c.off, now, n, c.want)
			}
		}
	}
}

// Proven blocks survive a restart, others do not, unless another process goes on.
func TestRestart(t *testing.T) {
	c := config(t, 6)
	g := open(t, c)
	g.storeAll(0, 1, 2, 3, 5)
	g.Keep(1, 3)
	g.Keep(4, 6)
	other := open(t, c)
	other.expect("111101")
	g.close()
	other.expect("111101")
	other.close()
	g = open(t, c)
	g.expect("011001")
	if n := onDiskOf(t, g.data); n > 3*BlockSize+8192 {
		t.Errorf("%d bytes are still taken", n)
	}
	g.Drop(1, 2)
	g.expect("001001")
	g.storeAll(1)
	g.expect("011001")
	// Another key, or another size, is another object.
	for _, other := range []Config{
		{Dir: c.Dir, Key: "two", Size: c.Size, Limit: c.Limit},
		{Dir: c.Dir, Key: c.Key, Size: c.Size - 1, Limit: c.Limit},
	} {
		open(t, other).expect("000000")
	}
}

func onDiskOf(t *testing.T, f *os.File) int64 {
	t.Helper()
	fi, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return onDisk(fi)
}

func TestDirectory(t *testing.T) {
	filetest.NeedSymlinks(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	shared := filepath.Join(dir, "shared")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(shared, 0o700),
		os.Chmod(shared, 0o777)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"":                          "there is no directory for it",
		file:                        "not a directory",
		filepath.Join(file, "x"):    "not a directory",
		shared:                      "others can write to " + shared,
		"/proc/self/no/such/folder": "no such file or directory",
	} {
		f, err := Config{Dir: name, Key: "k", Size: 1}.open()
		if err == nil {
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
	// A link in the directory is not followed.
	c := config(t, 2)
	if err := errors.Join(os.Mkdir(c.Dir, 0o700),
		os.Symlink(file, c.unopened().base+tableSuffix)); err != nil {
		t.Fatal(err)
	}
	if f, err := c.open(); err == nil {
		f.Close()
		t.Error("it has followed a link")
	}
}

// Files that were removed are not stored to.
func TestRemoved(t *testing.T) {
	c := config(t, 100)
	c.Limit = 32 * BlockSize // so that each block is looked at
	g := open(t, c)
	g.storeAll(0)
	if err := os.RemoveAll(c.Dir); err != nil {
		t.Fatal(err)
	}
	if err := g.Store(1, g.content(1)); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if !g.stored(0) {
		t.Error("what is open can't be read")
	}
	other := open(t, c)
	other.storeAll(0)
	if _, _, ok := g.Pin(0, 1); ok {
		t.Error("a pin would lock the other file")
	}
	other.Drop(0, 1)
	other.expectOf("of the other file", 2, "00")
}

// Reading what is in memory allocates nothing but what the system call needs.
func TestReadAllocates(t *testing.T) {
	g := open(t, config(t, 4))
	g.storeAll(0, 1)
	p := make([]byte, 1000)
	if n := testing.AllocsPerRun(100, func() {
		if g.Read(p, BlockSize-500, false) != len(p) {
			t.Error("it is not there")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

var _ io.Closer = (*File)(nil)

// clock is a time that tests set.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }
