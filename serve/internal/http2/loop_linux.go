package http2

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/eventloop"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// Owner is what has accepted a connection that an event loop drives.
type Owner interface {
	// Close closes the connection.
	Close() error
	// Expect makes something call Interrupt of the Transport soon after at; never if that is zero.
	Expect(at time.Time)
}

// looped drives a connection in an event loop.
type looped struct {
	t     eventloop.Transport
	owner Owner
	conn  *conn
	first []byte    // what was read before the first call of Ready
	ended time.Time // when output has ended, and what comes is thrown away since; zero before
}

// roundsAtOnce is how often a connection may read, or fill its output, before others have their
// turn.
const roundsAtOnce = 8

// Handler returns what answers the requests of a connection in its event loop, from the time now
// on. first is what was read from it already. It is not used after the call.
func (s *Server) Handler(t eventloop.Transport, owner Owner, peer *respond.Peer, first []byte,
	now time.Time) eventloop.Handler {
	return &looped{
		t: t, owner: owner, conn: newConn(s, peer, now, t.Interrupt),
		first: append([]byte(nil), first...),
	}
}

// Ready implements eventloop.Handler.
func (l *looped) Ready(room []byte, now time.Time) {
	var err error
	switch {
	case !l.ended.IsZero():
		err = l.linger(room, now)
	default:
		err = l.work(room, now)
	}
	if err != nil {
		l.conn.end()
		_ = l.owner.Close()
	}
}

// errEnded ends a connection on which nothing happens any more.
var errEnded = errors.New("the connection has ended")

// work handles everything that has come, and sends everything that can be sent.
func (l *looped) work(room []byte, now time.Time) error {
	c := l.conn
	if c.stuck(now) {
		return errEnded
	}
	sent, err := l.send(now) // what the client has not taken before
	drained := false
	for rounds := 0; err == nil && sent && !(drained && len(c.out) == 0); rounds++ {
		if rounds == roundsAtOnce {
			l.t.Interrupt()
			sent, err = l.send(now)
			break
		}
		if drained || len(c.out) >= maxOutput {
			if sent, err = l.send(now); err != nil || !sent {
				break
			}
		}
		if !drained && len(c.in) < maxInput {
			if drained, err = l.read(room); err != nil {
				break
			}
		}
		c.turn(now)
		c.keep()
	}
	if err == io.EOF {
		_, _ = l.send(now) // what was asked before
	}
	if err != nil {
		return err
	}
	if c.rest(); !sent {
		l.t.Await()
	}
	at := c.due()
	if c.ending && sent {
		at = l.end(now)
	}
	l.owner.Expect(at)
	return nil
}

// read hands what has come to the connection. It returns true if there is nothing more.
func (l *looped) read(room []byte) (drained bool, err error) {
	if len(l.first) > 0 {
		l.conn.receive(l.first)
		l.first = nil
		return false, nil
	}
	n, err := l.t.TryRead(room)
	if errors.Is(err, unix.EAGAIN) {
		return true, nil
	}
	if err == nil {
		l.conn.receive(room[:n])
	}
	return false, err
}

// send writes the output. It returns false if the client does not take all of it.
func (l *looped) send(now time.Time) (bool, error) {
	c := l.conn
	since := c.times.unsent
	if len(c.out) > 0 {
		n, err := l.t.TryWrite(c.out)
		if err != nil {
			return false, err
		}
		c.wrote(n)
	}
	sent, err := l.t.Flush()
	if sent = sent && len(c.out) == 0; sent {
		c.times.unsent = time.Time{}
	} else if c.times.unsent.IsZero() {
		c.times.unsent = now
	}
	if !since.IsZero() && c.times.unsent != since {
		c.times.skip(now.Sub(since))
	}
	return sent, err
}

// end ends the output, and returns until when the client may still send.
func (l *looped) end(now time.Time) time.Time {
	l.ended = now
	l.conn.end()
	_ = l.t.CloseWrite()
	return now.Add(lingerTime)
}

// linger throws away what comes.
func (l *looped) linger(room []byte, now time.Time) error {
	if now.Sub(l.ended) >= lingerTime {
		return errEnded
	}
	for {
		if _, err := l.t.TryRead(room); errors.Is(err, unix.EAGAIN) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
