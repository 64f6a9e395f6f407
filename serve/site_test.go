package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

// siteTime is the modification time of every file of site: Sat, 02 Mar 2024 03:04:05 GMT.
var siteTime = time.Unix(1709348645, 0)

const siteDate = "Sat, 02 Mar 2024 03:04:05 GMT"

// files are the content of a site by path. A path that ends in "/" is a directory, and content that
// begins with "-> " is a symbolic link.
type files map[string]string

// words returns n bytes of compressible text, and noise n bytes that no coding makes shorter.
func words(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of some text, %x\n", i, i*i*7919)
	}
	return b.String()[:n]
}

func noise(n int) string {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	_, _ = r.Read(b)
	return string(b)
}

// site is what most tests serve: every coding, and every size that matters.
var site = sync.OnceValue(func() files {
	return files{
		"index.html":          "<!doctype html><title>root</title>" + words(2000),
		"404.html":            "<!doctype html><title>not here</title>" + words(500),
		"about.html":          "<!doctype html><title>about</title>" + words(700),
		"style.css":           words(9000),
		"docs/index.html":     "<!doctype html><title>docs</title>" + words(1000),
		"docs/guide.html":     words(300),
		"bare/x.txt":          "x",
		"empty.txt":           "",
		"file":                "0123456789\n",
		"page":                "<!DOCTYPE HTML><p>no extension</p>",
		"mid.txt":             words(200_000), // deflate, more than goes out in one piece
		"big.txt":             words(5 << 20), // segmented
		"small.png":           noise(3000),
		"block.bin":           noise(65535),
		"blocks.bin":          noise(65536),
		"film.mp4":            noise(3 << 20),
		"data.tar.gz":         noise(2000),
		"icon.svgz":           gzipped(words(900)),
		"ü ñ%.txt":            "unicode",
		"a:b/index.html":      words(100),
		"link":                "-> docs/guide.html",
		"dirlink":             "-> docs",
		"out":                 "-> ../../etc/passwd",
		".secret":             "hidden",
		".well-known/acme":    "token",
		"node_modules/.x/a":   "hidden too",
		`evil"<x>` + "\r\n.a": "name",
	}
})

// write makes a tree of files.
func (fs files) write(t testing.TB, dir string) {
	t.Helper()
	for name, content := range fs {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			filetest.NeedSymlinks(t)
			if err := os.Symlink(target, p); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, siteTime, siteTime); err != nil {
			t.Fatal(err)
		}
	}
}

// pack packs files into name.
func (fs files) pack(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	fs.write(t, dir)
	if _, err := pack.Dir(context.Background(), dir, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// siteArchive is the site, packed once.
var siteArchive = struct {
	sync.Once
	name string
}{}

func packedSite(t testing.TB) string {
	t.Helper()
	siteArchive.Do(func() {
		dir, err := os.MkdirTemp("", "tpk-serve")
		if err != nil {
			t.Fatal(err)
		}
		siteArchive.name = site().pack(t, filepath.Join(dir, "site.tar.gz"))
	})
	return siteArchive.name
}

func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0)) // as tpk does: an event loop for each processor
	code := m.Run()
	if siteArchive.name != "" {
		_ = os.RemoveAll(filepath.Dir(siteArchive.name))
	}
	os.Exit(code)
}

// logged collects the lines of a server's log.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// running is a server under test.
type running struct {
	*serve.Server
	addresses []string
	log       *logged
	stop      func() error // ends it and returns what Run returned
}

// start runs a server until the test ends. The first address is a TCP one.
func start(t testing.TB, o serve.Options, run ...serve.RunOptions) *running {
	t.Helper()
	r := &running{log: &logged{}}
	var ro serve.RunOptions
	if len(run) > 0 {
		ro = run[0]
	}
	if len(ro.Listen) == 0 {
		ro.Listen = []string{"127.0.0.1:0"}
	}
	o.Log = r.log.add
	ready := make(chan []net.Addr, 1)
	ro.Ready = func(a []net.Addr) { ready <- a }
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx, ro) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		err := <-result
		s.Close()
		return err
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error("Run:", err)
		}
	})
	select {
	case addresses := <-ready:
		for _, a := range addresses {
			r.addresses = append(r.addresses, a.String())
		}
	case err := <-result:
		result <- nil
		t.Fatal("Run:", err)
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not come up")
	}
	return r
}

// url returns the URL of a path on the first address.
func (r *running) url(path string) string { return "http://" + r.addresses[0] + path }

// raw sends bytes to the first address and reads until the server closes, or for as long as limit.
func (r *running) raw(t testing.TB, request string, limit time.Duration) string {
	t.Helper()
	c, err := net.Dial("tcp", r.addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(limit))
	go func() { _, _ = io.WriteString(c, request) }()
	var b bytes.Buffer
	_, _ = io.Copy(&b, c)
	return b.String()
}

// fetch gets a URL and returns status and body. The body is "ABORTED" if it was cut off.
func fetch(t testing.TB, c *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	status, body, whole := get(t, c, url, header...)
	if !whole {
		body = "ABORTED"
	}
	return status, body
}

// get gets a URL. whole is false if the body, or the answer, ended early.
func get(t testing.TB, c *http.Client, url string, header ...string) (
	status int, body string, whole bool,
) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err == nil
}

var plainClient = &http.Client{Transport: &http.Transport{DisableCompression: true,
	MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}
