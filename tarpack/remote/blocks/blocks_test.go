package blocks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/tarpack/source"
)

// object is a remote object. It counts requests.
type object struct {
	content []byte
	// before is called before each request; the request fails with its error.
	before func(ctx context.Context, off, n int64) error
	// change may change the body of a request.
	change func(body []byte) []byte

	mu       sync.Mutex
	requests [][2]int64 // off, n
	bytes    int64
	active   int
	most     int // active at once
}

func newObject(size int64) *object {
	o := &object{content: make([]byte, size)}
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(o.content)
	return o
}

func (o *object) fetch(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	o.mu.Lock()
	o.requests = append(o.requests, [2]int64{off, n})
	o.bytes += n
	o.active++
	o.most = max(o.most, o.active)
	o.mu.Unlock()
	if o.before != nil {
		if err := o.before(ctx, off, n); err != nil {
			o.end()
			return nil, err
		}
	}
	b := o.content[off : off+n]
	if o.change != nil {
		b = o.change(bytes.Clone(b))
	}
	return &body{bytes.NewReader(b), o}, nil
}

func (o *object) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.active--
}

// running returns how many requests are being made.
func (o *object) running() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.active
}

// asked returns the requests since the last call, in blocks, in order.
func (o *object) asked() (list [][2]int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.requests {
		list = append(list, [2]int64{r[0] / blockSize, (r[1] + blockSize - 1) / blockSize})
	}
	o.requests = nil
	slices.SortFunc(list, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	return list
}

// body is the body of one request.
type body struct {
	io.Reader
	o *object
}

func (b *body) Close() error {
	b.o.end()
	return nil
}

// open opens the object, which is closed when the test ends.
func (o *object) open(t testing.TB, opts Options) *Generation {
	t.Helper()
	g := New(opts).Open("key", int64(len(o.content)), o.fetch)
	t.Cleanup(func() { shut(t, g) })
	return g
}

var closed sync.Map

func shut(t testing.TB, g *Generation) {
	t.Helper()
	if _, done := closed.LoadOrStore(g, true); done {
		return
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// inDir returns options with a directory and without reading ahead.
func inDir(t testing.TB) Options {
	return Options{Dir: filepath.Join(t.TempDir(), "cache"), Limit: 1 << 30, ReadAhead: -1,
		Notice: func(err error) { t.Error(err) }}
}

// read reads n bytes from an offset and compares them.
func (o *object) read(t testing.TB, g *Generation, off, n int64) {
	t.Helper()
	p := make([]byte, n)
	if m, err := g.ReadAt(p, off); int64(m) != n || err != nil {
		t.Errorf("%d bytes from %d: read %d, %v", n, off, m, err)
	} else if !bytes.Equal(p, o.content[off:off+n]) {
		t.Errorf("%d bytes from %d are wrong", n, off)
	}
}

func equal(t testing.TB, got [][2]int64, want ...[2]int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("requests (block, number) %v, want %v", got, want)
	}
}

// identified is a complete source.
type identified struct{ *Generation }

func (identified) Identity() string { return "" }
func (identified) Check() error     { return nil }

func TestSource(t *testing.T) {
	for _, size := range []int64{0, 1, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize,
		200_000} {
		for name, opts := range map[string]Options{
			"disk": inDir(t), "memory": {}, "little memory": {Memory: 1, ReadAhead: -1},
			"no memory": {Memory: -1}, "no disk": {Dir: t.TempDir(), Limit: -1, Memory: -1},
		} {
			t.Run(fmt.Sprint(size, " in ", name), func(t *testing.T) {
				o := newObject(size)
				o.testSource(t, identified{o.open(t, opts)})
			})
		}
	}
}

// testSource reads a source of the object at many offsets.
func (o *object) testSource(t *testing.T, s source.Source) {
	size := int64(len(o.content))
	if s.Size() != size {
		t.Error(s.Size())
	}
	if size > 0 { // TestReader reads the content several times, byte by byte at the end
		r := io.NewSectionReader(s, max(0, size-300), min(size, 300))
		if err := iotest.TestReader(r, o.content[max(0, size-300):]); err != nil {
			t.Error(err)
		}
	}
	for _, off := range []int64{0, 1, blockSize - 2, blockSize, 2 * blockSize, max(0, size-1), size,
		size + 1} {
		for _, n := range []int64{0, 1, 3, blockSize, 2*blockSize + 3} {
			want := o.content[min(off, size):min(off+n, size)]
			p := make([]byte, n)
			m, err := s.ReadAt(p, off)
			wantErr := error(nil)
			if int64(m) < n {
				wantErr = io.EOF
			}
			if !bytes.Equal(p[:m], want) || err != wantErr {
				t.Errorf("%d bytes from %d: %d, %v", n, off, m, err)
			}
			if s.ReadNow(p, off) && (int64(len(want)) < n || !bytes.Equal(p, want)) {
				t.Errorf("%d bytes from %d at once are wrong", n, off)
			}
			for _, n := range []int64{n, -1, math.MaxInt64} {
				if err := s.Fetch(t.Context(), off, n); err != nil {
					t.Errorf("%d bytes from %d: %v", n, off, err)
				}
			}
		}
	}
	p := make([]byte, 1)
	_, err := s.ReadAt(p, -1)
	if err == nil || s.ReadNow(p, -1) || s.Fetch(t.Context(), -1, 1) == nil {
		t.Error("an offset of -1 was read")
	}
	if m, _ := s.Map(); m != nil {
		t.Error("it was mapped")
	}
}

// What is missing and neighbouring is requested together, and each block once.
func TestCoalesced(t *testing.T) {
	o := newObject(300*blockSize + 7)
	g := o.open(t, inDir(t))
	o.read(t, g, 5*blockSize+100, 10)
	equal(t, o.asked(), [2]int64{5, 1})
	o.read(t, g, 3*blockSize-1, 6*blockSize)
	equal(t, o.asked(), [2]int64{2, 3}, [2]int64{6, 3})
	o.read(t, g, 2*blockSize, 7*blockSize)
	equal(t, o.asked())
	// At most 8 MiB at once.
	if err := g.Fetch(t.Context(), 10*blockSize, 290*blockSize+7); err != nil {
		t.Error(err)
	}
	equal(t, o.asked(), [2]int64{10, 128}, [2]int64{138, 128}, [2]int64{266, 35})
	o.read(t, g, 9*blockSize, 292*blockSize+7-blockSize)
	equal(t, o.asked(), [2]int64{9, 1})
}

// Errors reach the reader, with what came before, and are forgotten.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		before func(context.Context, int64, int64) error
		change func([]byte) []byte
		want   error
		n      int64 // bytes that are read nevertheless
	}{
		"refused": {func(context.Context, int64, int64) error { return broken }, nil, broken, blockSize},
		"cut off": {nil, func(b []byte) []byte { return b[:blockSize+9] }, source.ErrUnavailable,
			2 * blockSize},
		"empty":    {nil, func([]byte) []byte { return nil }, source.ErrUnavailable, blockSize},
		"too long": {nil, func(b []byte) []byte { return append(b, 1, 2, 3) }, nil, 4 * blockSize},
	} {
		t.Run(name, func(t *testing.T) {
			for _, opts := range []Options{inDir(t), {ReadAhead: -1}} {
				o := newObject(10 * blockSize)
				g := o.open(t, opts)
				o.read(t, g, 0, blockSize)
				o.before, o.change = test.before, test.change
				p := make([]byte, 4*blockSize)
				n, err := g.ReadAt(p, 0)
				if !errors.Is(err, test.want) || int64(n) != test.n || !bytes.Equal(p[:n], o.content[:n]) {
					t.Errorf("%d bytes, %v", n, err)
				}
				o.before, o.change = nil, nil
				o.read(t, g, 0, 4*blockSize)
			}
		})
	}
}

// Once the object has changed, nothing more is requested. What is there can be read.
func TestChanged(t *testing.T) {
	o := newObject(10 * blockSize)
	g := o.open(t, inDir(t))
	o.read(t, g, 0, 1)
	o.asked()
	o.before = func(context.Context, int64, int64) error { return source.ErrChanged }
	for range 2 {
		if err := g.Fetch(t.Context(), 3*blockSize, 1); !errors.Is(err, source.ErrChanged) {
			t.Error(err)
		}
	}
	equal(t, o.asked(), [2]int64{3, 1})
	o.read(t, g, 0, 10)
}

// Blocks are kept after a restart if a content in them was confirmed.
func TestConfirm(t *testing.T) {
	o := newObject(10*blockSize - 5)
	opts := inDir(t)
	g := o.open(t, opts)
	o.read(t, g, 0, 10*blockSize-5)
	g.Begin().Confirm(blockSize-1, 2)
	g.Begin().Confirm(9*blockSize, blockSize)
	g.Begin().Confirm(20*blockSize, 1) // nothing
	g.Begin().Confirm(3, 0)
	shut(t, g)
	o.asked()
	g = o.open(t, opts)
	o.read(t, g, 0, 10*blockSize-5)
	equal(t, o.asked(), [2]int64{2, 7})
	shut(t, g)
	other := New(opts).Open("another generation", int64(len(o.content)), o.fetch)
	defer shut(t, other)
	o.read(t, other, 0, 1)
	equal(t, o.asked(), [2]int64{0, 1})
}
