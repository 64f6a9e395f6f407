// Package serve tests tpk's server with clients, with the tests of other servers, and with tools
// for abuse.
package serve

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

// tree returns the files to serve: text that is deflated in one piece and in segments, and content
// that is stored.
var tree = sync.OnceValue(func() map[string]string {
	words := func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, "line %d, %x\n", i, i*i*7919)
		}
		return b.String()[:n]
	}
	noise := func(n int) string {
		b := make([]byte, n)
		_, _ = rand.Read(b)
		return string(b)
	}
	return map[string]string{
		"index.html": "<!doctype html><meta charset=utf-8><title>tpk</title>" +
			"<script src=app.js></script><p>" + words(3000),
		"app.js": "document.title = 'ran ' + " + `"` + strings.ReplaceAll(words(2000), "\n", " ") +
			`".length`,
		"file":      "0123456789\n",
		"page.html": words(20_000), "mid.txt": words(300_000), "big.txt": words(9 << 20),
		"film.mp4": noise(9 << 20), "pic.png": noise(4000), "empty": "",
	}
})

// packTree writes files to a new directory, packs them and returns the name of the archive.
func packTree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return packDir(t, filepath.Join(dir, "tree"))
}

func packDir(t testing.TB, dir string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "site.tar.gz")
	if _, err := pack.Dir(context.Background(), dir, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return name
}

// start runs a server until the test ends, and returns its address.
func start(t testing.TB, o serve.Options) string {
	t.Helper()
	return startRun(t, o, serve.RunOptions{H2C: true})
}

// startRun is start with other options of Run.
func startRun(t testing.TB, o serve.Options, run serve.RunOptions) string {
	t.Helper()
	ready := make(chan []net.Addr, 1)
	run.Listen, run.Ready = []string{"127.0.0.1:0"}, func(a []net.Addr) { ready <- a }
	s, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, run) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("Run:", err)
		}
		s.Close()
	})
	select {
	case a := <-ready:
		return a[0].String()
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not come up")
		return ""
	}
}

// run runs a program, which must succeed, and returns its output.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, tools.Path(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
