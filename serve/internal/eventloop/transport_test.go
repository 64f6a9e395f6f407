//go:build linux

package eventloop

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sender sends content to a client that takes it slowly, in its loop.
type sender struct {
	Transport
	left   []byte
	awaits atomic.Int32
}

func (s *sender) Ready([]byte, time.Time) {
	n, err := s.TryWrite(s.left)
	if err != nil {
		_ = s.Close()
		return
	}
	if s.left = s.left[n:]; len(s.left) > 0 {
		s.awaits.Add(1)
		s.Await()
		return
	}
	s.Handle(&echo{Conn: s.Transport.(*Conn)})
}

// TestAwait sends more than the system takes at once without a goroutine, after an Interrupt before
// Start and while something to read is there all the time. Then another Handler echoes that.
func TestAwait(t *testing.T) {
	g := group(t, 2)
	client, c := pair(t, g, "tcp")
	content := bytes.Repeat([]byte("content "), 4<<20)
	s := &sender{Transport: c, left: content}
	c.Interrupt()
	if err := c.Start(s); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(content)+5)
	for at := 0; at < len(got); {
		n, err := client.Read(got[at:])
		if err != nil {
			t.Fatal(err)
		}
		at += n
		g.active.Store(1 + g.active.Load()%2) // it moves while it waits
	}
	if want := append(content, "hello"...); !bytes.Equal(got, want) {
		t.Error("other content")
	}
	if s.awaits.Load() == 0 {
		t.Error("it did not wait")
	}
	_ = client.Close()
}

// TestReadsOnce: in one call of Ready the second TryRead returns EAGAIN, also if there is more. The
// loop calls again then.
func TestReadsOnce(t *testing.T) {
	client, c := pair(t, group(t, 1), "tcp")
	calls := make(chan error, 100)
	if err := c.Start(handler(func() {
		b := make([]byte, 1)
		_, first := c.TryRead(b)
		_, second := c.TryRead(b)
		if first != nil {
			_ = c.Close()
		} else if !errors.Is(second, unix.EAGAIN) {
			first = errors.New("it was read twice")
		}
		calls <- first
	})); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Write([]byte("ab"))
	_ = client.Close()
	for _, want := range []error{nil, nil, io.EOF} {
		if err := <-calls; !errors.Is(err, want) {
			t.Errorf("%v, not %v", err, want)
		}
	}
}

// TestInterruptLent: a connection that is interrupted while a goroutine has it is called after
// Return, and once.
func TestInterruptLent(t *testing.T) {
	g := group(t, 1)
	_, c := pair(t, g, "tcp")
	called, lent := make(chan struct{}, 100), make(chan struct{})
	lend := true
	if err := c.Start(handler(func() {
		called <- struct{}{}
		if lend {
			lend = false
			c.Leave(func() { close(lent) })
		}
	})); err != nil {
		t.Fatal(err)
	}
	c.Interrupt()
	<-called
	<-lent
	c.Interrupt()
	if err := c.Return(); err != nil {
		t.Fatal(err)
	}
	<-called
	c.Interrupt()
	<-called
	_ = c.Close()
}

// TestInterruptFull: a connection that is interrupted is called although its client takes nothing
// and sends nothing, also while it awaits room.
func TestInterruptFull(t *testing.T) {
	g := group(t, 2)
	_, c := pair(t, g, "tcp")
	b := make([]byte, 1<<20)
	for n := 1; n > 0; { // until the system takes nothing
		var err error
		if n, err = c.TryWrite(b); err != nil {
			t.Fatal(err)
		}
	}
	called := make(chan struct{})
	var calls int
	if err := c.Start(handler(func() {
		if calls++; calls%2 == 0 {
			c.Await()
		}
		called <- struct{}{}
	})); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c.Interrupt()
		<-called
		g.active.Store(1 + g.active.Load()%2) // it moves
	}
	c.Abort()
	<-called // so that nothing is called any more that sends to the channel
}

// TestStartLent: a connection that the Handler leaves before Start has returned stays lent.
func TestStartLent(t *testing.T) {
	g := group(t, 1)
	for range 50 {
		client, c := pair(t, g, "tcp")
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		lent := make(chan struct{})
		if err := c.Start(handler(func() { c.Leave(func() { close(lent) }) })); err != nil {
			t.Fatal(err)
		}
		<-lent
		if !c.lent.Load() {
			t.Fatal("the loop has it again")
		}
		_ = c.Close()
	}
}
