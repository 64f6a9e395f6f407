package http2

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/eventloop"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// eager is a client that has sent everything before the server reads, and takes everything unless
// it is blocked.
type eager struct {
	eventloop.Transport // nil: what is not defined here is not called

	unread  []byte
	err     error // at its end; EAGAIN if it is nil
	asked   bool  // in this call of Ready
	taken   int
	blocked bool
}

func (e *eager) RemoteAddr() net.Addr { return &net.TCPAddr{} }
func (e *eager) Interrupt()           {}
func (e *eager) Await()               {}
func (e *eager) Flush() (bool, error) { return true, nil }
func (e *eager) CloseWrite() error    { return nil }
func (e *eager) Close() error         { return nil }
func (e *eager) Expect(time.Time)     {}

// TryRead is as that of eventloop.Conn: it reads once in each call of Ready.
func (e *eager) TryRead(b []byte) (int, error) {
	if len(e.unread) == 0 && e.err != nil {
		return 0, e.err
	}
	if e.asked || len(e.unread) == 0 {
		return 0, unix.EAGAIN
	}
	e.asked = true
	n := copy(b, e.unread)
	e.unread = e.unread[n:]
	return n, nil
}

func (e *eager) TryWrite(b []byte) (int, error) {
	if e.blocked {
		return 0, nil
	}
	e.taken += len(b)
	return len(b), nil
}

// TestUnhandledInput: requests of a few bytes, each with a long answer, come as fast as they are
// read. What was read and not handled is bounded all the same, and all are answered in the end.
func TestUnhandledInput(t *testing.T) {
	const length = 5000
	s := newServer(t, map[string]string{"a.txt": site()["noise.bin"][:length]})
	p := newPeer(t, s)
	_ = p.frames.WriteWindowUpdate(0, 1<<31-1-defaultWindow)
	const requests = 8000
	for n := range requests {
		p.headers(uint32(2*n+1), true, get("/a.txt")...)
	}
	e := &eager{unread: bytes.Clone(p.written.Bytes())}
	l := s.Handler(e, e, &respond.Peer{}, nil, p.now).(*looped)
	room := make([]byte, 16<<10)
	for calls := 0; e.taken < requests*length; calls++ {
		e.asked = false
		l.Ready(room, p.now)
		if n := len(l.conn.in); n > 3*len(room) {
			t.Fatalf("%d bytes of input are kept after %d calls", n, calls)
		}
		if calls > requests || !l.ended.IsZero() {
			t.Fatalf("%d bytes were taken, the last stream is %d", e.taken, l.conn.lastID)
		}
	}
}

// TestEndAfterRequest: the end of the stream comes with a request, as TLS may report it. The
// request is answered.
func TestEndAfterRequest(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.headers(1, true, get("/middle.bin")...)
	e := &eager{unread: bytes.Clone(p.written.Bytes()), err: io.EOF}
	l := s.Handler(e, e, &respond.Peer{}, nil, p.now).(*looped)
	l.Ready(make([]byte, 16<<10), p.now)
	if e.taken < len(site()["middle.bin"]) {
		t.Errorf("%d bytes were sent", e.taken)
	}
}

// TestReadsAgain: nothing is read while the client does not take the output. That time does not
// count for a frame of which a part was read before.
func TestReadsAgain(t *testing.T) {
	s := newServer(t, site())
	p := newPeer(t, s)
	p.headers(1, true, get("/a.txt")...)
	p.headers(3, true, get("/a.txt")...)
	b := p.written.Bytes()
	e := &eager{}
	l := s.Handler(e, e, &respond.Peer{}, nil, p.now).(*looped)
	room := make([]byte, 16<<10)
	l.Ready(room, p.now) // SETTINGS
	e.unread, e.blocked = bytes.Clone(b[:len(b)-1]), true
	l.Ready(room, p.now)
	if l.conn.times.head.IsZero() || l.conn.times.unsent.IsZero() {
		t.Fatal("nothing waits")
	}
	later := p.now.Add(s.HeaderTimeout + time.Second)
	e.unread, e.asked, e.blocked = b[len(b)-1:], false, false
	l.Ready(room, later)
	if l.conn.lastID != 3 || !l.ended.IsZero() {
		t.Errorf("the last stream is %d, ended at %v", l.conn.lastID, l.ended)
	}
}
