package tlsconn

import (
	"net"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/eventloop"
)

const (
	recordSize = 16 << 10 // bytes of content in a record at most (RFC 8446 §5.1)
	// sendAt is how many bytes of ciphertext are sent at once, if there are so many.
	sendAt = 64 << 10
	// roomSize is how many bytes are received at once in a loop.
	roomSize = 16 << 10
)

// records is the connection below crypto/tls: a net.Conn without deadlines.
type records struct {
	conn    eventloop.Transport
	waiting bool // a goroutine has the connection and may wait

	room *[]byte // nil without memory
	in   []byte  // the part of room that was received and crypto/tls has not taken yet

	out *[]byte // ciphertext that was not sent yet; nil without memory
}

var (
	rooms = sync.Pool{New: func() any { b := make([]byte, roomSize); return &b }}
	outs  = sync.Pool{New: func() any { b := make([]byte, 0, recordSize); return &b }}
)

// Read implements net.Conn. In a loop the error is EAGAIN if nothing has come: a temporary error,
// after which crypto/tls goes on with what it has.
func (r *records) Read(p []byte) (int, error) {
	if len(r.in) == 0 {
		if r.waiting {
			if err := r.send(); err != nil { // the peer may be waiting for it
				return 0, err
			}
			return r.conn.Read(p)
		}
		if err := r.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.in)
	if r.in = r.in[n:]; len(r.in) == 0 {
		rooms.Put(r.room)
		r.room, r.in = nil, nil
	}
	return n, nil
}

// receive receives more than crypto/tls asks for, by one system call.
func (r *records) receive() error {
	room := rooms.Get().(*[]byte)
	n, err := r.conn.TryRead(*room)
	if err != nil {
		rooms.Put(room)
		return err
	}
	r.room, r.in = room, (*room)[:n]
	return nil
}

// Write implements net.Conn. It takes all of p, and sends nothing.
func (r *records) Write(p []byte) (int, error) {
	if r.out == nil {
		r.out = outs.Get().(*[]byte)
	}
	*r.out = append(*r.out, p...)
	return len(p), nil
}

// unsent returns how many bytes wait to be sent.
func (r *records) unsent() int {
	if r.out == nil {
		return 0
	}
	return len(*r.out)
}

// trySend sends as much as the system takes. It returns true if that is all.
func (r *records) trySend() (bool, error) {
	if r.out == nil {
		return true, nil
	}
	n, err := r.conn.TryWrite(*r.out)
	if err != nil {
		return false, err
	}
	if n < len(*r.out) {
		*r.out = (*r.out)[:copy(*r.out, (*r.out)[n:])]
		return false, nil
	}
	r.dropOut()
	return true, nil
}

// send sends all, and waits until the system has taken it.
func (r *records) send() error {
	if r.out == nil {
		return nil
	}
	_, err := r.conn.Write(*r.out)
	r.dropOut()
	return err
}

func (r *records) dropOut() {
	*r.out = (*r.out)[:0]
	outs.Put(r.out)
	r.out = nil
}

// Close implements net.Conn. It makes one attempt to send what is left, for example an alert.
func (r *records) Close() error {
	_, _ = r.trySend()
	if r.out != nil {
		r.dropOut()
	}
	if r.room != nil {
		rooms.Put(r.room)
		r.room, r.in = nil, nil
	}
	return r.conn.Close()
}

// LocalAddr implements net.Conn.
func (r *records) LocalAddr() net.Addr { return r.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (r *records) RemoteAddr() net.Addr { return r.conn.RemoteAddr() }

// SetDeadline implements net.Conn. It does nothing: deadlines are those of conn.
func (r *records) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn, as SetDeadline.
func (r *records) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn, as SetDeadline.
func (r *records) SetWriteDeadline(time.Time) error { return nil }
