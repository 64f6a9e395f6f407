package engine

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
)

// differ returns from where to where a differs from b, or 0, 0.
func differ(a, b []byte) (from, to int) {
	if len(a) != len(b) {
		return 0, max(len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			if to == 0 {
				from = i
			}
			to = i + 1
		}
	}
	return from, to
}

// TestTruncatedUnderPipelines cuts an archive short while it is sent. A complete answer with 200 is
// right to the byte. Any other is an error or ends with the connection, and the process goes on.
func TestTruncatedUnderPipelines(t *testing.T) {
	dir := t.TempDir()
	content := map[string][]byte{"small": make([]byte, 30_000), "middle": make([]byte, 300_000),
		"large": make([]byte, 5_000_000)}
	tree, name := filepath.Join(dir, "tree"), filepath.Join(dir, "a.tar.gz")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	g := mathrand.NewChaCha8([32]byte{2})
	for file, b := range content {
		_, _ = g.Read(b)
		if err := os.WriteFile(filepath.Join(tree, file), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pack.Dir(context.Background(), tree, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, map[string]string{"x": "x"}, plan.Options{})
	for round := range 8 {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := e.responder.Library.Load(context.Background(),
			[]archives.Spec{{Path: name}}); err != nil {
			t.Fatal(err)
		}
		dials := []func() (io.ReadWriteCloser, error){}
		tcp, overTLS := listen(t, e, "tcp", "127.0.0.1:0"), dialTLS(t, e)
		dials = append(dials, func() (io.ReadWriteCloser, error) { return tcp(), nil },
			func() (io.ReadWriteCloser, error) { return overTLS(), nil })
		var wg sync.WaitGroup
		var answers, connections atomic.Int64
		done := make(chan struct{})
		for worker := range 4 {
			wg.Go(func() {
				for {
					c, _ := dials[worker%2]()
					readWhileCut(t, c, worker%2 == 1, content, func() { answers.Add(1) })
					connections.Add(1)
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		until(t, "no answers", func() bool { return answers.Load() >= int64(1+4*round) })
		if err := os.Truncate(name, int64(len(whole))*int64(round)/8); err != nil {
			t.Error(err)
		}
		before := connections.Load()
		until(t, "no connections", func() bool { return connections.Load() >= before+8 })
		close(done)
		wg.Wait()
	}
}

// readWhileCut sends several requests at once over c, which it closes, and reads the answers until
// one is incomplete. It calls answered for each complete one.
func readWhileCut(
	t *testing.T, c io.ReadWriteCloser, overTLS bool, content map[string][]byte, answered func(),
) {
	r := bufio.NewReader(c)
	for _, file := range []string{"large", "small", "middle", "large"} {
		for _, coding := range []string{"identity", "gzip"} {
			_, _ = io.WriteString(c, "GET /"+file+
				" HTTP/1.1\r\nHost: a\r\nAccept-Encoding: "+coding+"\r\n\r\n")
		}
	}
	for _, file := range []string{"large", "large", "small", "small", "middle",
		"middle", "large", "large"} {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			break
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			break
		}
		answered()
		if res.StatusCode == 200 && res.Header.Get("Content-Encoding") == "" {
			if from, to := differ(b, content[file]); to > from {
				t.Errorf("%s, TLS %v: whole, and wrong from %d to %d", file, overTLS, from, to)
			}
		}
	}
	_ = c.Close()
}

// TestCutWhilePending cuts an archive short within the last page of a member that clients have
// asked for many times and do not take. What they get then is right or ends early.
func TestCutWhilePending(t *testing.T) {
	dir := t.TempDir()
	tree, name := filepath.Join(dir, "tree"), filepath.Join(dir, "a.tar.gz")
	random := make([]byte, 40_000)
	_, _ = mathrand.NewChaCha8([32]byte{3}).Read(random)
	content := []byte(hex.EncodeToString(random)) // is deflated, and goes out as its member
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "a"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Dir(context.Background(), tree, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(context.Background(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := a.Index().Entry(0)
	_ = a.Close()
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, map[string]string{"x": "x"}, plan.Options{})
	if err := e.responder.Library.Load(context.Background(),
		[]archives.Spec{{Path: name}}); err != nil {
		t.Fatal(err)
	}
	const clients, requests = 20, 400
	dials := []func() net.Conn{listen(t, e, "tcp", "127.0.0.1:0"), dialTLS(t, e)}
	var conns []io.ReadWriteCloser
	for i := range clients {
		c := dials[i%len(dials)]()
		conns = append(conns, c)
		go func() {
			_, _ = io.WriteString(c, strings.Repeat(
				"GET /a HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", requests))
		}()
	}
	answered := func() (n uint64) {
		e.responder.Stats.Responses(func(_ int, k uint64) { n += k })
		return n
	}
	last := uint64(0)
	// When the buffers are full there are no further answers for a while.
	until(t, "the buffers never get full", func() bool {
		time.Sleep(50 * time.Millisecond)
		n := answered()
		full := n > 0 && n == last
		last = n
		return full
	})
	if err := os.Truncate(name, entry.ContentOffset()+entry.ContentLen-100); err != nil {
		t.Fatal(err)
	}
	right, cut := 0, 0
	for _, c := range conns {
		for r := bufio.NewReader(c); ; right++ {
			res, err := http.ReadResponse(r, nil)
			if err != nil || res.StatusCode != 200 {
				cut++
				break
			}
			b, err := io.ReadAll(res.Body)
			if err != nil {
				cut++
				break
			}
			if z, err := gzip.NewReader(bytes.NewReader(b)); err != nil {
				t.Fatal(err)
			} else if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, content) {
				t.Fatalf("a whole answer that is not what was packed: %v", err)
			}
		}
	}
	if right == 0 || cut == 0 {
		t.Errorf("%d answers, %d connections cut off: nothing was tried", right, cut)
	}
}
