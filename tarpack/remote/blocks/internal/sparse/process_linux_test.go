package sparse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// childDir is the variable with which the tests run themselves as another process.
const childDir = "SPARSE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// sharedConfig is a generation that does not fit into its directory.
func sharedConfig(dir string) Config {
	return Config{Dir: dir, Key: "shared", Size: 99*BlockSize + 5, Limit: 64 * BlockSize}
}

// child changes a generation until it is killed, or its standard input ends. It writes a line after
// every few changes.
func child(dir string) {
	seed, _ := strconv.ParseUint(os.Getenv("SPARSE_TEST_SEED"), 10, 64)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	c := sharedConfig(dir)
	f, err := c.open()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, BlockSize)
	for i := 0; ; i++ {
		block := random.Int64N(f.blocks())
		switch random.IntN(12) {
		case 0:
			f.Drop(block, min(block+3, f.blocks()))
		case 1:
			f.dir.evictTo(random.Int64N(c.Limit))
		case 2, 3:
			f.Keep(0, f.blocks())
		case 4, 5:
			if p := b[:f.length(block)]; f.Load(block, p) && !bytes.Equal(p, content(c.Key, c.Size, block)) {
				fmt.Println("wrong bytes")
				os.Exit(1)
			}
		default:
			if err := f.Store(block, content(c.Key, c.Size, block)); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		if i%10 == 9 {
			fmt.Println("goes on")
		}
	}
}

// process is a child.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, dir string, seed int) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0])}
	p.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprint("SPARSE_TEST_SEED=", seed))
	p.Stderr = os.Stderr
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// wait waits until the process has written so many lines.
func (p *process) wait(t *testing.T, lines int) {
	t.Helper()
	for range lines {
		if line, err := p.out.ReadString('\n'); line != "goes on\n" {
			t.Fatalf("another process: %q, %v", line, err)
		}
	}
}

func (p *process) end() { _, _ = p.in.Close(), p.Wait() }

func (p *process) kill() { _, _ = p.Process.Kill(), p.Wait() }

// Whenever a process is killed, each block that is marked as stored is there, whole.
func TestKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	rounds := 100
	if testing.Short() {
		rounds = 15
	}
	survived := 0
	for i := range rounds {
		p := start(t, dir, i)
		p.wait(t, 1+i%7)
		p.kill()
		f := sharedConfig(dir).unopened()
		var err1, err2 error
		f.data, err1 = openFile(f.base+dataSuffix, 0)
		f.table, err2 = openFile(f.base+tableSuffix, 0)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		kept := int64(0)
		for b := range f.blocks() {
			s, err := f.slot(b)
			if err != nil {
				t.Fatal(err)
			}
			data := make([]byte, f.length(b))
			if s.present() && (!readFull(f.data, data, b*BlockSize, false) || f.sum(b, data) != s.sum) {
				t.Fatalf("round %d: block %d is marked and not there", i, b)
			}
			if s.state() == proven {
				kept++
			}
		}
		if err := f.closeFiles(); err != nil {
			t.Fatal(err)
		}
		g := open(t, sharedConfig(dir))
		found := int64(0)
		for b := range g.blocks() {
			if g.stored(b) {
				found++
			}
		}
		if found != kept {
			t.Errorf("round %d: %d blocks are stored, want the %d that are proven", i, found, kept)
		}
		if n := onDiskOf(t, g.data); n > (found+1)*BlockSize {
			t.Errorf("round %d: %d blocks take %d bytes", i, found, n)
		}
		survived += int(found)
		g.close()
	}
	if survived == 0 {
		t.Error("no block was ever proven")
	}
}

// Several processes store, evict and drop blocks at once, and none reads a wrong byte: not by Read,
// and not from what is pinned.
func TestProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	c := sharedConfig(dir)
	g := open(t, c)
	second := open(t, c) // of this process
	var all []byte
	for b := range g.blocks() {
		all = append(all, g.content(b)...)
	}
	var children []*process
	for i := range 2 {
		children = append(children, start(t, dir, i))
		defer children[i].kill()
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var mu sync.Mutex
	var read, pinned int
	for i := range 4 {
		f := []*File{g.File, second.File}[i%2]
		readers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 2))
			p := make([]byte, 3*BlockSize)
			for {
				select {
				case <-stop:
					return
				default:
				}
				block := random.Int64N(f.blocks())
				if data := content(c.Key, c.Size, block); !f.Load(block, p[:len(data)]) {
					err := f.Store(block, data)
					if errors.Is(err, ErrFull) { // others have filled it since room was made
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
				off := block*BlockSize + random.Int64N(100)
				want := all[min(off, c.Size):min(off+int64(1+random.IntN(len(p))), c.Size)]
				n := f.Read(p[:len(want)], off, i%2 == 0)
				if !bytes.Equal(p[:n], want[:n]) {
					t.Errorf("%d wrong bytes from %d", n, off)
					return
				}
				mu.Lock()
				read += min(n, 1)
				mu.Unlock()
				file, release, ok := f.Pin(off, int64(len(want)))
				if !ok {
					continue
				}
				for range 3 {
					if _, err := file.ReadAt(p[:len(want)], off); err != nil ||
						!bytes.Equal(p[:len(want)], want) {
						t.Errorf("wrong bytes in a piece from %d: %v", off, err)
					}
				}
				release()
				mu.Lock()
				pinned++
				mu.Unlock()
			}
		})
	}
	lines := 200
	if testing.Short() {
		lines = 40
	}
	for _, p := range children {
		p.wait(t, lines)
	}
	close(stop)
	readers.Wait()
	for _, p := range children {
		p.end()
	}
	t.Logf("%d reads, %d pieces", read, pinned)
	if read == 0 || pinned == 0 {
		t.Error("nothing was tested")
	}
}
