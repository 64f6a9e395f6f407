package serve

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/shard"
)

// soakTime is how long TestOverwrittenWhileServed goes on in each of its cases; 0 means that each
// way to write over an archive is tried once.
var soakTime time.Duration

// soakLimit is for the nightly run alone: how long a program that writes over an archive may wait.
const soakLimit = 100 * time.Millisecond

// generation is one content of the archive and of the set.
type generation struct {
	name   string            // of its archive, which is not served
	set    string            // the directory of its set of shards
	files  map[string]string // bodies by path, those of downloads, too
	tagged map[string]string // the path, by ETag
}

// soak is a server whose archive and set are written over again and again.
type soak struct {
	t           *testing.T
	server      *exec.Cmd
	id          uint32 // the server's user
	socket      string // of the server
	name        string // of the archive
	set         string // the directory of the set
	generations [2]*generation
	clients     [2]*http.Client // HTTP/1.1, HTTP/2
	damaged     atomic.Bool     // half of a file is another generation's

	whole, cut, refused, unavailable, wrong atomic.Int64  // answers
	slowest                                 time.Duration // open(2) for writing
}

// shards is the number of shards of the set.
const shards = 3

// TestOverwrittenWhileServed writes over an archive and its index in every way that people deploy,
// while clients compare each answer with both generations. An answer that ends normally has only
// bytes of the generation that its ETag names. Afterwards the server answers with the new
// generation, without being told.
func TestOverwrittenWhileServed(t *testing.T) {
	tools.Path(t, "rsync")
	tools.Path(t, "curl")
	generations := [2]*generation{newGeneration(t, 0), newGeneration(t, 1)}
	cases := []struct {
		name   string
		other  bool // the server's user is not the owner of the files
		leases bool
		rounds int // in a short run
	}{{"owner", false, true, 11}, {"other user", true, true, 2}, {"no leases", false, false, 0}}
	if soakTime == 0 { // leases are a setting of the whole system
		cases = cases[:2]
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !c.leases {
				withoutLeases(t)
			}
			dir := t.TempDir()
			s := &soak{t: t, name: filepath.Join(dir, "site.tar.gz"), generations: generations,
				set: filepath.Join(dir, "set"), socket: filepath.Join(dir, "run", "s")}
			for _, d := range []string{s.set, filepath.Dir(s.socket)} {
				if err := os.Mkdir(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if c.other {
				tools.Root(t)
				s.id = 65534
				for _, d := range []string{filepath.Dir(dir), dir} {
					if err := os.Chmod(d, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.Chmod(filepath.Dir(s.socket), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			s.run(c.rounds)
		})
	}
}

// newGeneration packs files with the same names in each generation, and different contents of
// mostly the same sizes.
func newGeneration(t *testing.T, n int) *generation {
	t.Helper()
	g := &generation{files: map[string]string{}, tagged: map[string]string{}, set: t.TempDir()}
	random := rand.NewChaCha8([32]byte{byte(n + 1)})
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"a.txt": 900, "b.txt": 30_000, "c.txt": 400_000,
		"d.txt": 3 << 20, "e.bin": 3000, "f.bin": 65_000, "g.bin": 300_000, "h.bin": 3 << 20} {
		b := make([]byte, size)
		_, _ = random.Read(b)
		if strings.HasSuffix(name, ".txt") {
			for i, c := range b {
				b[i] = "0123456789abcdef"[c%16]
			}
		}
		g.files[name] = string(b)
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	g.name = packDir(t, dir)
	set := filepath.Join(g.set, "set.tar.gz")
	if _, err := shard.Pack(t.Context(), dir, set, shard.PackOptions{Shards: shards}); err != nil {
		t.Fatal(err)
	}
	address, _ := tpkServer(t, "--mount", "/="+g.name,
		"--mount", "/set="+format.ShardName(set, 0, shards))
	for name := range g.files {
		g.files["set/"+name] = g.files[name]
	}
	for _, name := range soakPaths() {
		for _, coding := range []string{"gzip", "identity"} {
			request, _ := http.NewRequest("GET", "http://"+address+"/"+name, nil)
			request.Header.Set("Accept-Encoding", coding)
			resp, err := http.DefaultTransport.RoundTrip(request)
			if err != nil || resp.StatusCode != 200 || resp.Header.Get("ETag") == "" {
				t.Fatalf("%s: %v, %v", name, resp, err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if strings.Contains(name, "?") {
				g.files[name] = string(b)
			} else if err == nil && resp.Header.Get("Content-Encoding") == "" &&
				string(b) != g.files[name] {
				t.Fatalf("%s: %d bytes that are not the file's", name, len(b))
			}
			if err != nil {
				t.Fatal(err)
			}
			g.tagged[name+resp.Header.Get("ETag")] = name
		}
	}
	return g
}

// soakPaths are the files of a generation, and its downloads.
func soakPaths() []string {
	paths := []string{"?download=zip", "?download=tar.gz", "set/?download=zip", "set/?download=tar.gz"}
	for _, name := range []string{"a.txt", "b.txt", "c.txt", "d.txt",
		"e.bin", "f.bin", "g.bin", "h.bin"} {
		paths = append(paths, name, "set/"+name)
	}
	return paths
}

// withoutLeases turns leases off during a test.
func withoutLeases(t *testing.T) {
	t.Helper()
	tools.Root(t)
	const setting = "/proc/sys/fs/leases-enable"
	was, err := os.ReadFile(setting)
	if err == nil {
		err = os.WriteFile(setting, []byte("0\n"), 0)
	}
	if err != nil {
		tools.Missing(t, setting)
	}
	t.Cleanup(func() { _ = os.WriteFile(setting, was, 0) })
}

// start starts the server, which need not answer yet.
func (s *soak) start() {
	s.server = exec.Command(tools.TPK(s.t), "serve", "--socket", s.socket, "--socket-mode", "0666",
		"--h2c", "--watch", "--mount", "/="+s.name,
		"--mount", "/set="+format.ShardName(filepath.Join(s.set, "set.tar.gz"), 0, shards))
	if s.id != 0 {
		s.server = tools.As(s.server, s.id)
	}
	s.server.Stderr = &tail{}
	if err := s.server.Start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *soak) stop() {
	_ = s.server.Process.Signal(syscall.SIGTERM)
	_ = s.server.Wait()
}

// tail keeps what was written last.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	w.b = w.b[max(len(w.b)-4000, 0):]
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.b)
}

// run writes over the archive and the set while clients ask.
func (s *soak) run(rounds int) {
	s.copyTo(s.name, s.generations[0])
	s.copySet(s.generations[0])
	s.start()
	defer func() { s.stop() }()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.socket)
	}
	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	for i, tr := range []*http.Transport{{}, {Protocols: &h2c}} {
		tr.DisableCompression, tr.MaxIdleConnsPerHost, tr.DialContext = true, 8, dial
		s.clients[i] = &http.Client{Transport: tr, Timeout: time.Minute}
		defer s.clients[i].CloseIdleConnections()
	}
	s.becomes("e.bin", s.generations[0])
	done := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 6 {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for {
				select {
				case <-done:
					return
				default:
					s.ask(random)
				}
			}
		})
	}
	ways := s.ways()
	random := rand.New(rand.NewPCG(7, 7))
	for began, round := time.Now(), 0; !s.t.Failed(); round++ {
		if soakTime == 0 && round == rounds || soakTime > 0 && time.Since(began) > soakTime {
			break
		}
		way, g := ways[round%len(ways)], s.generations[(round+1)%2]
		if soakTime > 0 {
			way = ways[random.IntN(len(ways))]
		}
		for before := s.whole.Load(); s.whole.Load() < before+8 && !s.t.Failed(); {
			time.Sleep(time.Millisecond)
		}
		way.write(g)
		if round%3 == 1 {
			s.copySet(g)
			s.becomes("set/e.bin", g)
		}
		s.becomes("e.bin", g)
		s.damaged.Store(false)
		if s.t.Failed() {
			s.t.Logf("after %s:\n%s", way.name, s.server.Stderr)
		}
	}
	close(done)
	clients.Wait()
	s.t.Logf("answers: %d right to the byte, %d cut off, %d of 503, %d of 500; %d requests without a "+
		"server; the slowest open for writing took %v", s.whole.Load(), s.cut.Load(),
		s.unavailable.Load(), s.wrong.Load(), s.refused.Load(), s.slowest)
	if soakTime > 0 && s.slowest > soakLimit {
		s.t.Errorf("a writer waited for %v", s.slowest)
	}
}

// becomes waits until the server answers with a generation of a file.
func (s *soak) becomes(path string, g *generation) {
	last := ""
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 *
		time.Millisecond) {
		resp, err := s.clients[0].Get("http://tpk/" + path)
		if err != nil {
			last = err.Error()
			continue
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if last = fmt.Sprint(resp.Status, err); err == nil && string(b) == g.files[path] {
			return
		}
	}
	s.t.Errorf("%s is not the new generation's, but %s:\n%s", path, last, s.server.Stderr)
}

// way is a way to make a generation the one that is served.
type way struct {
	name  string
	write func(g *generation)
}

func (s *soak) ways() []way {
	side := func(name string) string { return name + ".tpi" }
	return []way{
		{"cp", func(g *generation) { s.copyTo(s.name, g) }},
		{"the index first", func(g *generation) {
			s.must("cp", side(g.name), side(s.name))
			s.must("cp", g.name, s.name)
		}},
		{"mv", func(g *generation) {
			s.copyTo(s.name+".new", g)
			s.must("mv", side(s.name+".new"), side(s.name))
			s.must("mv", s.name+".new", s.name)
		}},
		{"rsync --inplace", func(g *generation) {
			s.must("rsync", "--inplace", "--no-whole-file", "-t", g.name, s.name)
			s.must("rsync", "--inplace", "--no-whole-file", "-t", side(g.name), side(s.name))
		}},
		{"truncated, then written", func(g *generation) {
			s.truncate(s.name, rand.Int64N(1<<20))
			s.copyTo(s.name, g)
		}},
		{"deleted, then written", func(g *generation) {
			s.must("rm", s.name, side(s.name))
			s.copyTo(s.name, g)
		}},
		{"index truncated", func(g *generation) {
			s.truncate(side(s.name), 200)
			s.copyTo(s.name, g)
		}},
		{"a copy that stops halfway, and a restart", func(g *generation) {
			s.half(g.name, s.name)
			s.stop()
			s.start()
			s.must("cp", g.name, s.name)
			s.must("cp", side(g.name), side(s.name))
		}},
		{"a copy that stops halfway", func(g *generation) {
			s.half(g.name, s.name)
			for before := s.wrong.Load() + s.unavailable.Load(); s.wrong.Load()+s.unavailable.Load() <
				before+4 && !s.t.Failed(); {
				time.Sleep(time.Millisecond)
			}
			s.copyTo(s.name, g)
		}},
		{"curl -o", func(g *generation) {
			for _, suffix := range []string{"", ".tpi"} {
				s.must("curl", "-sS", "-o", s.name+suffix, "file://"+g.name+suffix)
			}
		}},
		{"written by one program", func(g *generation) {
			s.write(g.name, s.name)
			s.write(side(g.name), side(s.name))
		}},
		{"a restart", func(g *generation) {
			s.copyTo(s.name, g)
			s.stop()
			s.start()
		}},
		{"without its index", func(g *generation) { s.must("cp", g.name, s.name) }},
	}
}

// copyTo copies an archive and its index as cp does, over what is there.
func (s *soak) copyTo(name string, g *generation) {
	s.must("cp", g.name, name)
	s.must("cp", g.name+".tpi", name+".tpi")
}

// copySet copies the files of a set over those that are there.
func (s *soak) copySet(g *generation) {
	s.must("sh", "-c", "cp "+g.set+"/* "+s.set)
}

// write writes over a file as cp does, and notes how long that waits.
func (s *soak) write(from, to string) {
	b, err := os.ReadFile(from)
	if err != nil {
		s.t.Fatal(err)
	}
	f := s.open(to)
	defer f.Close()
	if err := f.Truncate(0); err != nil {
		s.t.Fatal(err)
	}
	for len(b) > 0 {
		n := min(len(b), 128<<10)
		if _, err := f.Write(b[:n]); err != nil {
			s.t.Fatal(err)
		}
		b = b[n:]
	}
}

// half writes over the first half of an archive, slowly, and leaves the rest.
func (s *soak) half(from, to string) {
	b, err := os.ReadFile(from)
	if err != nil {
		s.t.Fatal(err)
	}
	s.damaged.Store(true)
	f := s.open(to)
	defer f.Close()
	for part := range 20 {
		n := len(b) / 40
		if _, err := f.WriteAt(b[part*n:(part+1)*n], int64(part*n)); err != nil {
			s.t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (s *soak) truncate(name string, size int64) {
	f := s.open(name)
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		s.t.Fatal(err)
	}
}

// open opens a file for writing, and notes how long that took.
func (s *soak) open(name string) *os.File {
	began := time.Now()
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	s.slowest = max(s.slowest, time.Since(began))
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *soak) must(name string, args ...string) {
	if out, err := exec.Command(tools.Path(s.t, name), args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}
