package engine

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/goroutines"
	"github.com/tarpack/tpk/serve/internal/archives"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/pack"
)

// descriptors returns how many descriptors this process has open, or −1 if that is unknown.
func descriptors() int {
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(d)
}

// until waits until ok returns true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 6000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s", what)
}

// versions packs the same paths with other content for each letter.
func versions(t *testing.T, letters string) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for _, letter := range letters {
		tree := filepath.Join(dir, string(letter))
		if err := os.MkdirAll(tree, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, size := range map[string]int{"small": 100, "large": 200_000} {
			if err := os.WriteFile(filepath.Join(tree, name),
				[]byte(strings.Repeat(string(letter), size)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		names = append(names, tree+".tar.gz")
		if _, err := pack.Dir(context.Background(), tree, names[len(names)-1],
			pack.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestReloadUnderPipelines replaces the archive again and again while pipelines of requests are
// answered. Each answer is complete, and from one of the archives, as its entity-tag is.
func TestReloadUnderPipelines(t *testing.T) {
	names := versions(t, "xyz")
	e := newEngine(t, map[string]string{"small": "", "large": ""}, plan.Options{})
	load := func(i int) {
		if err := e.responder.Library.Load(context.Background(),
			[]archives.Spec{{Path: names[i%len(names)]}}); err != nil {
			t.Error(err)
		}
	}
	load(0)
	dial := listen(t, e, "tcp", "127.0.0.1:0")
	_ = dial().Close() // whatever an engine opens for its first connection
	until(t, "a connection that was closed is still there", func() bool {
		_, total := e.responder.Stats.Connections()
		return total == 1 && e.http1.Open() == 0
	})
	before := descriptors()
	requests := []string{
		"GET /small HTTP/1.1\r\nHost: a\r\n\r\n", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=5-9\r\n\r\n",
		"GET /large HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	}
	var tags sync.Map // by entity-tag and path, the letter
	var stop atomic.Bool
	var wg, reloads sync.WaitGroup
	reloads.Go(func() {
		for i := 1; !stop.Load(); i++ {
			load(i)
		}
	})
	for range 4 {
		wg.Go(func() {
			c := dial()
			_ = c.SetDeadline(time.Now().Add(3 * time.Minute)) // it is used for all of the test
			r := bufio.NewReader(c)
			for range 15 {
				go func() { _, _ = io.WriteString(c, strings.Repeat(strings.Join(requests, ""), 5)) }()
				for i := range 5 * len(requests) {
					res, err := http.ReadResponse(r, nil)
					if err != nil {
						t.Error(err)
						return
					}
					b, err := io.ReadAll(res.Body)
					if err != nil || res.StatusCode/100 != 2 || len(b) == 0 ||
						strings.Trim(string(b), string(b[:1])) != "" {
						t.Errorf("%s, %d bytes, %v", res.Status, len(b), err)
						return
					}
					key := res.Header.Get("ETag")
					if was, ok := tags.LoadOrStore(key,
						fmt.Sprint(i%len(requests) == 0, b[0])); ok && was != fmt.Sprint(i%len(requests) == 0, b[0]) {
						t.Errorf("%s is of %v and of %q", key, was, b[:1])
					}
				}
			}
			_ = c.Close()
		})
	}
	wg.Wait()
	stop.Store(true)
	reloads.Wait()
	until(t, "archives that were replaced are still open",
		func() bool { return descriptors() <= before })
}

// TestResets resets connections at any point of a request or an answer. Nothing is left behind, and
// other connections are answered.
func TestResets(t *testing.T) {
	e := pipelineEngine(t)
	dials := []func() net.Conn{listen(t, e, "tcp", "127.0.0.1:0"), dialTLS(t, e)}
	for _, dial := range dials {
		c := dial()
		_, _ = io.WriteString(c, "GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n")
		_ = c.Close()
	}
	none := func() bool { return e.http1.Open() == 0 }
	until(t, "connections are left", none)
	running, files := goroutines.Count(), descriptors()
	var wg sync.WaitGroup
	for worker := range uint64(8) {
		wg.Go(func() {
			rnd := mathrand.New(mathrand.NewPCG(3, worker))
			for range 40 {
				c := dials[rnd.IntN(len(dials))]()
				var sent []byte
				for range 1 + rnd.IntN(6) {
					sent = append(sent, pipelined[rnd.IntN(len(pipelined))].request...)
				}
				_, _ = c.Write(sent[:1+rnd.IntN(len(sent))])
				_, _ = io.CopyN(io.Discard, deadline{c}, int64(rnd.IntN(300_000)))
				raw := c
				if s, ok := c.(*tls.Conn); ok {
					raw = s.NetConn()
				}
				_ = raw.(*net.TCPConn).SetLinger(0)
				_ = raw.Close()
			}
		})
	}
	wg.Wait()
	until(t, "connections are left", none)
	t.Cleanup(func() {
		if t.Failed() {
			b := make([]byte, 1<<20)
			t.Logf("%d goroutines were there; now:\n%s", running, b[:runtime.Stack(b, true)])
		}
	})
	until(t, "goroutines are left", func() bool { return goroutines.Count() <= running })
	until(t, "files are left open", func() bool { return descriptors() <= files })
}

// deadline is a connection that is read for a short time only.
type deadline struct{ net.Conn }

func (d deadline) Read(p []byte) (int, error) {
	_ = d.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	return d.Conn.Read(p)
}

// TestShutdownUnderPipelines: a client that has sent more requests than are answered before the end
// gets complete answers, and then the end of the stream.
func TestShutdownUnderPipelines(t *testing.T) {
	for name, request := range map[string]string{
		"raw":      "GET /noise HTTP/1.1\r\nHost: a\r\n\r\n",
		"inflated": "GET /text.txt HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		for _, network := range []string{"tcp", "tls"} {
			e := pipelineEngine(t)
			dial := dialTLS(t, e)
			if network == "tcp" {
				dial = listen(t, e, "tcp", "127.0.0.1:0")
			}
			c, idle := dial(), dial()
			go func() {
				for _, err := io.WriteString(c,
					strings.Repeat(request, 1000)); err == nil; _, err = io.WriteString(c, request) {
					time.Sleep(time.Millisecond) // the server waits for its answers to be taken
				}
			}()
			r := bufio.NewReader(c)
			if _, err := r.Peek(1000); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				ended <- e.Shutdown(ctx)
			}()
			if _, err := idle.Read(make([]byte, 1)); err != io.EOF { // the end has begun
				t.Errorf("%s, %s: a connection without a request: %v", name, network, err)
			}
			last := false
			for n := 0; ; n++ {
				if _, err := r.Peek(1); err == io.EOF && last {
					break
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Errorf("%s, %s: after %d answers, of which one was the last: %t: %v", name,
						network, n, last, err)
					break
				}
				if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || last {
					t.Errorf("%s, %s: answer %d: %s, %d bytes, %v, after the last: %t", name,
						network, n, res.Status, len(b), err, last)
					break
				}
				last = res.Close
			}
			_ = c.Close()
			if err := <-ended; err != nil {
				t.Errorf("%s, %s: %v", name, network, err)
			}
		}
	}
}
