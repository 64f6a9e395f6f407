package sparse

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what the directory takes.
func (g *generationOf) usage() int64 { return g.dir.usage() }

// The directory takes no more than the limit, and the blocks that were used last stay.
func TestEviction(t *testing.T) {
	c := config(t, 1000)
	c.Limit = 100 * BlockSize
	g := open(t, c)
	now := &clock{time.Unix(1e9, 0)}
	g.dir.now = now.now
	p := make([]byte, 1)
	for b := range g.blocks() {
		now.Time = now.Add(time.Minute)
		g.storeAll(b)
		if b > 10 && (g.Read(p, 7*BlockSize, false) != 1 || p[0] != g.content(7)[0]) {
			t.Fatal("the block that is used was removed at", b)
		}
		g.writers.Wait() // the time of use is written
		if n := g.usage(); n > c.Limit {
			t.Fatalf("%d bytes of %d are taken", n, c.Limit)
		}
	}
	kept := 0
	for b := range g.blocks() {
		if g.stored(b) {
			kept++
			if b != 7 && b < g.blocks()-101 {
				t.Errorf("block %d is still there", b)
			}
		}
	}
	if kept < 60 {
		t.Errorf("only %d blocks are kept", kept)
	}
}

// All generations share the limit. Those that are empty and unused disappear.
func TestEvictionOfOthers(t *testing.T) {
	c := config(t, 80)
	c.Limit = 100 * BlockSize
	now := &clock{time.Unix(1e9, 0)}
	var bases []string
	for _, key := range []string{"one", "two", "three"} {
		c.Key = key
		g := open(t, c)
		g.dir.now = now.now
		bases = append(bases, g.base)
		for b := range g.blocks() {
			now.Time = now.Add(time.Second)
			g.storeAll(b)
		}
		g.Keep(0, 80)
		if n := g.usage(); n > c.Limit {
			t.Errorf("%d bytes of %d are taken", n, c.Limit)
		}
		if key != "two" {
			g.close()
		}
	}
	if _, err := os.Stat(bases[0] + dataSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Error("the first generation is still there:", err)
	}
	if _, err := os.Stat(bases[1] + dataSuffix); err != nil {
		t.Error("the second one is in use:", err)
	}
	if g := open(t, c); !g.stored(79) {
		t.Error("the last block is gone")
	}
	// What is damaged, or the rest of what was removed, goes as well.
	half := filepath.Join(c.Dir, prefix+"half")
	if err := os.WriteFile(half+dataSuffix, make([]byte, 3*BlockSize), 0o600); err != nil {
		t.Fatal(err)
	}
	c.unopened().dir.evictTo(0)
	list, err := filepath.Glob(filepath.Join(c.Dir, prefix+"*"))
	if err != nil || len(list) != 4 {
		t.Errorf("%q, %v; want the two generations that are open", list, err)
	}
}

// What is being sent stays, if other processes evict as well.
func TestPinned(t *testing.T) {
	c := config(t, 200)
	c.Limit = 100 * BlockSize
	g := open(t, c)
	other := open(t, c)
	g.storeAll(0, 1, 2, 3)
	file, release, ok := g.Pin(BlockSize+10, 2*BlockSize)
	if !ok {
		t.Fatal("not pinned")
	}
	_, again, ok := g.Pin(2*BlockSize, BlockSize)
	if !ok {
		t.Fatal("not pinned twice")
	}
	again()
	again() // is of no effect
	other.dir.evictTo(0)
	g.dir.evictTo(0)
	g.expectOf("pinned", 5, "01110")
	p := make([]byte, 2*BlockSize)
	want := append(append(g.content(1)[10:], g.content(2)...), g.content(3)[:10]...)
	if _, err := file.ReadAt(p, BlockSize+10); err != nil || string(p) != string(want) {
		t.Error("the bytes of the piece have changed:", err)
	}
	for b := range int64(200) {
		if err := other.Store(b, other.content(b)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := file.ReadAt(p, BlockSize+10); err != nil || string(p) != string(want) {
		t.Error("the bytes of the piece have changed:", err)
	}
	release()
	g.dir.evictTo(0)
	g.expectOf("released", 5, "00000")
	if _, _, ok := g.Pin(0, 1); ok {
		t.Error("a block that is not there was pinned")
	}
	for b := range int64(60) {
		g.storeAll(b)
	}
	if _, _, ok := g.Pin(0, 51*BlockSize); ok {
		t.Error("over half of the limit is pinned")
	}
	_, r1, ok1 := g.Pin(0, 25*BlockSize)
	_, r2, ok2 := g.Pin(10*BlockSize, 30*BlockSize)
	_, _, ok3 := g.Pin(40*BlockSize, 15*BlockSize)
	if !ok1 || !ok2 || ok3 {
		t.Error(ok1, ok2, ok3)
	}
	r1()
	g.dir.evictTo(0)
	if g.stored(9) || !g.stored(10) || !g.stored(39) || g.stored(40) {
		t.Error("the second pin has the wrong blocks")
	}
	r2()
	if len(g.pins.count) != 0 {
		t.Error(g.pins.count)
	}
}

// A block that is wrong is dropped while it is being sent. What is sent then does not become zeros.
func TestDropPinned(t *testing.T) {
	g := open(t, config(t, 4))
	g.storeAll(0, 1)
	file, release, ok := g.Pin(0, BlockSize)
	if !ok {
		t.Fatal("not pinned")
	}
	g.Drop(0, 2)
	g.expect("0000")
	p := make([]byte, BlockSize)
	if _, err := file.ReadAt(p, 0); err != nil || string(p) != string(g.content(0)) {
		t.Error("the bytes of the piece have changed:", err)
	}
	release()
	g.storeAll(0)
	g.expect("1000")
}

// If everything is pinned, nothing more is stored.
func TestFullOfPins(t *testing.T) {
	c := config(t, 200)
	c.Limit = 64 * BlockSize
	var held []func()
	var last error
	for _, key := range []string{"one", "two", "three"} {
		c.Key = key
		g := open(t, c)
		for b := range int64(32) {
			if last = g.Store(b, g.content(b)); last != nil {
				continue
			}
			if _, release, ok := g.Pin(b*BlockSize, BlockSize); ok {
				held = append(held, release)
			}
		}
		if n := g.usage(); n > c.Limit {
			t.Errorf("%d bytes of %d are taken", n, c.Limit)
		}
	}
	if !errors.Is(last, ErrFull) {
		t.Error(last)
	}
	for _, release := range held {
		release()
	}
}

// On a full disk others are removed, and if that does not help nothing is stored.
func TestFullDisk(t *testing.T) {
	c := config(t, 100)
	if err := os.Mkdir(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", c.Dir, "tmpfs", 0, "size=2m,mode=0700"); err != nil {
		if os.Getenv("COMPAT") == "require" {
			t.Fatal(err)
		}
		t.Skip("no right to mount a tmpfs:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(c.Dir, 0); err != nil {
			t.Error(err)
		}
	})
	g := open(t, c)
	for b := range g.blocks() {
		g.storeAll(b)
	}
	kept := 0
	for b := range g.blocks() {
		if g.stored(b) {
			kept++
		}
	}
	if kept < 20 || kept > 32 {
		t.Errorf("%d blocks are kept", kept)
	}
	g.Keep(0, g.blocks())
	g.close()
	g = open(t, c)
	g.Drop(0, g.blocks())
	fill := filepath.Join(c.Dir, "fill")
	f, err := os.Create(fill)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	f.Close()
	if err := g.Store(5, g.content(5)); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
	if g.stored(5) {
		t.Error("it is stored after all")
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	g.dir.left = 0 // as after some time
	g.storeAll(5)
	if !g.stored(5) {
		t.Error("it is not stored")
	}
}

// Pages of the table without blocks take no space, so a large object has a small table.
func TestTableIsSparse(t *testing.T) {
	c := config(t, 1<<24) // 1 TiB
	c.Limit = 400 * BlockSize
	g := open(t, c)
	for i := range int64(2000) {
		g.storeAll(i * 8191)
	}
	if n := onDiskOf(t, g.table); n > 450*4096 {
		t.Errorf("the table takes %d bytes", n)
	}
	if len(g.known) > 1500 {
		t.Error("blocks that were removed are remembered for ever")
	}
	if n := g.usage(); n > c.Limit {
		t.Errorf("%d bytes of %d are taken", n, c.Limit)
	}
}

// A limit that is lower than before takes effect at once.
func TestLowerLimit(t *testing.T) {
	c := config(t, 100)
	g := open(t, c)
	for b := range g.blocks() {
		g.storeAll(b)
	}
	c.Limit = 50 * BlockSize
	open(t, c)
	if n := g.usage(); n > c.Limit {
		t.Errorf("%d bytes of %d are taken", n, c.Limit)
	}
}

// Where single blocks can't be freed, generations that nobody uses go, the least recently used
// first.
func TestNoHoles(t *testing.T) {
	punch := punchHole
	punchHole = func(*os.File, int64, int64) error { return errors.ErrUnsupported }
	defer func() { punchHole = punch }()
	c := config(t, 30)
	c.Limit = 100 * BlockSize
	var last error
	for _, key := range []string{"one", "two", "three", "four", "five"} {
		c.Key = key
		g := open(t, c)
		for b := range g.blocks() {
			if last = g.Store(b, g.content(b)); last != nil {
				break
			}
		}
		g.Keep(0, g.blocks())
		if n := g.usage(); n > c.Limit {
			t.Errorf("%d bytes of %d are taken", n, c.Limit)
		}
		if key != "two" {
			g.close()
		}
	}
	if last != nil {
		t.Error(last)
	}
	for key, want := range map[string]bool{"one": false, "two": true, "three": false, "five": true} {
		c.Key = key
		g := open(t, c)
		if got := g.stored(29); got != want {
			t.Errorf("%s: its last block is stored: %v", key, got)
		}
	}
	c.Key, c.Size = "large", 200*BlockSize
	g := open(t, c)
	for b := range g.blocks() {
		if last = g.Store(b, g.content(b)); last != nil {
			break
		}
	}
	if !errors.Is(last, ErrFull) || g.usage() > c.Limit {
		t.Errorf("%v, %d bytes of %d are taken", last, g.usage(), c.Limit)
	}
}
