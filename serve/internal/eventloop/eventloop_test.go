//go:build linux

package eventloop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// echo sends back what it gets. A piece with a '!' is left to a goroutine.
type echo struct {
	*Conn
	lent, ended atomic.Int32
}

func (e *echo) Ready(room []byte, _ time.Time) {
	n, err := e.TryRead(room)
	if errors.Is(err, unix.EAGAIN) {
		return
	}
	if err != nil {
		e.ended.Add(1)
		_ = e.Close()
		return
	}
	if bytes.IndexByte(room[:n], '!') < 0 {
		if k, err := e.TryWrite(room[:n]); err == nil && k == n {
			return
		} else if err == nil {
			room, n = room[k:], n-k
		}
	}
	text := bytes.Clone(room[:n])
	e.lent.Add(1)
	e.Leave(func() {
		if _, err := e.Write(text); err != nil || e.Return() != nil {
			e.ended.Add(1)
			_ = e.Close()
		}
	})
}

// group returns a Group of n loops that end with the test.
func group(t *testing.T, n int) *Group {
	t.Helper()
	g, err := New(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// pair connects a client to a connection of g.
func pair(t *testing.T, g *Group, network string) (net.Conn, *Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	_ = client.SetDeadline(time.Now().Add(20 * time.Second))
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.Take(server)
	if err != nil {
		t.Fatal(err)
	}
	return client, c
}

// lend takes a connection out of its loop, for the test's goroutine.
func lend(t *testing.T, g *Group) (net.Conn, *Conn) {
	t.Helper()
	client, c := pair(t, g, "tcp")
	lent := make(chan struct{})
	if err := c.Start(handler(func() { c.Leave(func() { close(lent) }) })); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Write([]byte("x"))
	<-lent
	if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	return client, c
}

// untilWaits returns when the goroutine that has c waits for it.
func (c *Conn) untilWaits() {
	for waits := false; !waits; runtime.Gosched() {
		c.mu.Lock()
		waits = c.waits
		c.mu.Unlock()
	}
}

type handler func()

func (h handler) Ready([]byte, time.Time) { h() }

// TestEcho sends random pieces over many connections, some for the loops and some for goroutines,
// while connections move between loops. Every byte comes back, in order.
func TestEcho(t *testing.T) {
	g := group(t, 3)
	var clients sync.WaitGroup
	var lent atomic.Int32
	for i := range 20 {
		client, c := pair(t, g, []string{"tcp", "unix"}[i%2])
		e := &echo{Conn: c}
		if err := c.Start(e); err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(1, uint64(i)))
		clients.Go(func() {
			sent := make([]byte, 40_000)
			for range 40 {
				b := sent[:1+rnd.IntN([]int{30, 3000, len(sent)}[rnd.IntN(3)])]
				for k := range b {
					b[k] = byte('a' + rnd.IntN(20))
				}
				if rnd.IntN(3) == 0 {
					b[rnd.IntN(len(b))] = '!'
				}
				var writer sync.WaitGroup
				writer.Go(func() { _, _ = client.Write(b) })
				got := make([]byte, len(b))
				if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, b) {
					t.Errorf("%d bytes came back otherwise: %v", len(b), err)
				}
				writer.Wait()
				g.active.Store(1 + rnd.Int32N(3))
			}
			_ = client.Close()
			for end := time.Now().Add(10 * time.Second); e.ended.Load() == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Error("the end was not seen")
					return
				}
			}
			lent.Add(e.lent.Load())
		})
	}
	clients.Wait()
	if lent.Load() == 0 {
		t.Error("no goroutine had a connection")
	}
}

// TestDeadlines: a goroutine that waits goes on at the deadline, also at one that is set meanwhile.
// What has come can be read after another deadline was set.
func TestDeadlines(t *testing.T) {
	g := group(t, 1)
	client, c := lend(t, g)
	b := make([]byte, 10)
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = c.SetReadDeadline(time.Time{})
	go func() {
		c.untilWaits()
		_ = c.SetReadDeadline(time.Unix(1, 0))
	}()
	if _, err := c.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	_ = c.SetDeadline(time.Now().Add(30 * time.Millisecond))
	if _, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("writing to who does not read:", err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = client.Write([]byte("hello"))
	if n, err := c.Read(b); string(b[:n]) != "hello" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	_ = client.(*net.TCPConn).CloseWrite()
	if n, err := c.Read(b); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"Close": c.Close(), "SetDeadline": c.SetDeadline(time.Time{}), "CloseWrite": c.CloseWrite(),
		"Read": func() error { _, err := c.Read(b); return err }(), "Write": func() error {
			_,
				err := c.Write(b)
			return err
		}(),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s of a closed connection: %v", what, err)
		}
	}
}

// TestInterrupt: the Handler is called though nothing has come. A connection that is lent is left
// alone.
func TestInterrupt(t *testing.T) {
	g := group(t, 1)
	_, c := pair(t, g, "tcp")
	called := make(chan error, 100)
	if err := c.Start(handler(func() {
		_, err := c.TryRead(make([]byte, 1))
		called <- err
		c.Leave(func() {})
	})); err != nil {
		t.Fatal(err)
	}
	c.Interrupt()
	if err := <-called; !errors.Is(err, unix.EAGAIN) {
		t.Error(err)
	}
	c.Interrupt()
	for range 2 { // after another connection's turn the loop has seen all that was there before
		client, other := pair(t, g, "tcp")
		turn := make(chan struct{})
		if err := other.Start(handler(func() { other.Leave(func() { close(turn) }) })); err != nil {
			t.Fatal(err)
		}
		_, _ = client.Write([]byte("x"))
		<-turn
		_ = other.Close()
	}
	select {
	case <-called:
		t.Error("called while a goroutine has the connection")
	default:
	}
	_ = c.Close()
}

// TestAbort ends a connection while a goroutine reads from it.
func TestAbort(t *testing.T) {
	client, c := lend(t, group(t, 1))
	go func() {
		c.untilWaits()
		c.Abort()
	}()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Error(err)
	}
	_ = c.Close()
}

// TestStartClosed: a connection that was closed before Start leaves its descriptor to the next
// connection.
func TestStartClosed(t *testing.T) {
	g := group(t, 1)
	_, c := pair(t, g, "tcp")
	fd := c.fd
	_ = c.Close()
	if err := c.Start(handler(func() { t.Error("called") })); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if g.table.get(fd) != nil {
		t.Error("it is in the table")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.arm(armedForLoop); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestUnknownDescriptor: a descriptor that the table does not have is not watched any more, so that
// its events are not reported for ever.
func TestUnknownDescriptor(t *testing.T) {
	g := group(t, 1)
	client, c := pair(t, g, "tcp")
	if err := g.loops[0].control(unix.EPOLL_CTL_ADD, c.fd, armedForLoop); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Write([]byte("x"))
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		// Modifying it fails as soon as it is not watched.
		if errors.Is(g.loops[0].control(unix.EPOLL_CTL_MOD, c.fd, armedForLoop), unix.ENOENT) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it is still watched")
		}
	}
	_ = c.Close()
}

// TestBalance: there are more active loops if all are busy all the time, and fewer if half of them
// could do the work.
func TestBalance(t *testing.T) {
	g := &Group{loops: []*loop{{}, {}, {}}}
	g.active.Store(1)
	now, before := time.Now(), int32(1)
	for i, step := range []struct {
		percent []int // how busy the active loops were
		active  int32 // then
	}{
		{[]int{50}, 1}, {[]int{96}, 1}, {[]int{99}, 2}, {[]int{60, 55}, 2}, {[]int{99, 98},
			3}, {[]int{99, 99, 99}, 3},
		{[]int{60, 60, 60}, 3}, {[]int{40, 40, 40}, 2}, {[]int{50, 30}, 2}, {[]int{40, 30},
			1}, {[]int{0}, 1},
	} {
		now = now.Add(10 * time.Second) // earlier loads do not count any more
		for k, percent := range step.percent {
			g.loops[k].load.percent.Store(int32(percent))
			g.loops[k].load.ended.Store(now.UnixNano())
		}
		tell := func(percent int) {
			w := &g.loops[0].load
			w.begun, w.busy = now.Add(-loadWindow), loadWindow*time.Duration(percent)/100
			g.balance(g.loops[0], now)
		}
		tell(step.percent[0])
		if got := g.active.Load(); got != step.active {
			t.Errorf("step %d: %d loops, want %d", i, got, step.active)
		}
		tell(100 - step.percent[0])
		if got := g.active.Load(); i > 0 && step.active != before && got != step.active {
			t.Errorf("step %d: changed again at once, to %d loops", i, got)
		}
		before = step.active
	}
}

// TestRefused: a connection without a descriptor is not taken, and is unchanged.
func TestRefused(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := group(t, 1).Take(a); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	go func() { _, _ = b.Write([]byte("x")) }()
	if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// TestShared: a process has one Group, with a loop for each two processors, and none with a single
// one.
func TestShared(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if g, err := Shared(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("one processor: %v, %v", g, err)
	}
	runtime.GOMAXPROCS(6)
	g, err := Shared()
	if err != nil || len(g.loops) != 3 {
		t.Errorf("six processors: %v, %v", g, err)
	}
	if other, err := Shared(); other != g || err != nil {
		t.Errorf("again: %v, %v", other, err)
	}
	if n := runtime.GOMAXPROCS(0); n != 6 {
		t.Errorf("GOMAXPROCS is %d now", n)
	}
}

// TestVisit: Visit returns as soon as every loop has come by, and not if one hangs.
func TestVisit(t *testing.T) {
	g := group(t, 3)
	if err := g.Visit(t.Context()); err != nil {
		t.Fatal(err)
	}
	client, c := pair(t, g, "tcp")
	hangs, goOn := make(chan struct{}), make(chan struct{})
	if err := c.Start(handler(func() { close(hangs); <-goOn; _ = c.Close() })); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Write([]byte("x"))
	<-hangs
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error)
	go func() { waited <- g.Visit(ctx) }()
	select {
	case err := <-waited:
		t.Fatalf("a loop hangs: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(goOn)
	if err := g.Visit(t.Context()); err != nil {
		t.Error(err)
	}
}
