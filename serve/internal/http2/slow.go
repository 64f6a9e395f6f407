package http2

import (
	"errors"
	"sync"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/respond"
)

// slow is an answer that a goroutine makes, because it has to be waited for. The goroutine hands
// its pieces to the connection, and waits until each is sent.
type slow struct {
	c     *conn
	s     *stream
	x     *respond.Exchange
	taken chan error // of each piece: nil if it was sent, or the reason why it won't be

	// These are the connection's.
	head  bool // the head was sent
	waits bool // the goroutine waits for taken

	left int64 // bytes of the body that were not handed over yet
	err  error // of the connection

	mu      sync.Mutex
	dropped bool   // nobody wants the answer any more
	gone    func() // to be called then, or nil
}

// Watch implements archives.Client.
func (w *slow) Watch(gone func()) (stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone = gone; w.dropped {
		gone()
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.gone = nil
	}
}

// drop ends the work for an answer that nobody wants any more. It is called by the connection.
func (w *slow) drop() {
	w.mu.Lock()
	gone := w.gone
	w.gone, w.dropped = nil, true
	w.mu.Unlock()
	if gone != nil {
		gone()
	}
	w.answer(errReset)
}

// piece is what a goroutine hands over: the next part of a body, with the head before the first, or
// the end.
type piece struct {
	from   *slow
	body   []byte
	last   bool
	failed bool // the answer can't be finished
	ended  bool // the goroutine has ended
}

// mailbox has the pieces that the connection has not looked at.
type mailbox struct {
	mu     sync.Mutex
	pieces []piece
	closed bool
}

var (
	errReset  = errors.New("the stream was reset")
	errClosed = errors.New("the connection was closed")
)

// answerInGoroutine starts a goroutine that answers.
func (c *conn) answerInGoroutine(s *stream, x *respond.Exchange) {
	s.slow = &slow{c: c, s: s, x: x, taken: make(chan error, 1)}
	x.Client = s.slow
	go s.slow.run()
}

// run answers. It is the goroutine.
func (w *slow) run() {
	r, x := w.c.server.Responder, w.x
	r.Prepare(x)
	sent := int64(0)
	if err := w.answerBody(); err == nil && x.Plan.Sends() {
		sent = x.Plan.Length
	} else if err != nil && w.err == nil {
		r.Aborted(x, err)
		_ = w.hand(piece{failed: true})
	}
	r.Finish(x, sent)
	x.Free()
	w.x = nil
	w.post(piece{from: w, ended: true})
}

// answerBody hands over the head and the body.
func (w *slow) answerBody() error {
	x := w.x
	switch {
	case !x.Plan.Sends():
		return w.hand(piece{last: true})
	case !x.Short():
		w.left = x.Plan.Length
		err := x.WriteBody(w)
		if err == nil && w.left != 0 {
			err = errShort
		}
		return err
	}
	x.Out = x.Out[:0]
	if !w.c.server.Responder.AppendBody(x) {
		return w.answerBody() // the answer is another one now
	}
	return w.hand(piece{body: x.Out, last: true})
}

var errShort = errors.New("the body is shorter than its length")

// Write implements io.Writer for the body.
func (w *slow) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	w.left -= int64(len(b))
	if err := w.hand(piece{body: b, last: w.left == 0}); err != nil {
		return 0, err
	}
	return len(b), nil
}

// hand hands a piece over and waits until it was sent.
func (w *slow) hand(p piece) error {
	p.from = w
	if !w.post(p) {
		w.err = errClosed
		return w.err
	}
	w.err = <-w.taken
	return w.err
}

// post hands a piece over. It returns false if the connection is closed.
func (w *slow) post(p piece) bool {
	m := &w.c.mail
	m.mu.Lock()
	open := !m.closed
	if open {
		m.pieces = append(m.pieces, p)
	}
	m.mu.Unlock()
	if open {
		w.c.wake()
	}
	return open
}

// answer ends the wait of the goroutine, if it waits. It is called by the connection.
func (w *slow) answer(err error) {
	if w.waits {
		w.waits = false
		w.taken <- err
	}
}

// close makes each further piece an error.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
}

// collect takes the pieces over that goroutines have handed over.
func (c *conn) collect() {
	c.mail.mu.Lock()
	pieces := c.mail.pieces
	c.mail.pieces = nil
	c.mail.mu.Unlock()
	for _, p := range pieces {
		c.take(p)
	}
}

// take handles one piece.
func (c *conn) take(p piece) {
	w, s := p.from, p.from.s
	if p.ended {
		c.answering--
		s.slow = nil
		delete(c.streams, s.id)
		return
	}
	w.waits = true
	if s.closed || c.ending {
		w.answer(errReset)
		return
	}
	if p.failed {
		c.reset(s.id, http2.ErrCodeInternal)
		return
	}
	if !w.head {
		w.head = true
		c.appendHead(s, w.x)
	}
	if len(p.body) == 0 || !sends(s, w.x) {
		c.finish(s)
		return
	}
	s.body, s.last = p.body, p.last
	c.send(s)
}
