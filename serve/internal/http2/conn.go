package http2

import (
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/tarpack/tpk/serve/internal/http2/hpack"
	"github.com/tarpack/tpk/serve/internal/respond"
)

// conn is a connection without its socket. One goroutine at a time may use it.
//
// A driver calls receive with what was read, and then turn and sent until there is nothing to
// write.
type conn struct {
	server *Server
	peer   *respond.Peer
	wake   func() // makes the driver call turn; safe for concurrent use
	now    time.Time

	in     []byte  // what was read and not handled: a part of a frame, unless out was full
	own    bool    // in is memory of the conn
	out    []byte  // what is to be written
	output *[]byte // the memory of out, until rest
	framer *framer // while a header block is incomplete, or frames are handled

	prefaced bool // the preface was read
	settled  bool // the first SETTINGS frame was read
	ending   bool // no more frames are handled; the connection ends when out is written

	decoder   *hpack.Decoder
	block     block
	resize    bool   // the next block must change the size of the client's dynamic table
	lastID    uint32 // of the client's streams
	streams   map[uint32]*stream
	spare     []*stream         // to use again, until rest
	x         *respond.Exchange // to use again, until rest
	resets    [rememberedResets]uint32
	nextReset int

	prepared     []*stream // whose answers were made at once, and not checked yet; empty after turn
	preparedSize int       // bytes of output that they take

	asked     []*stream // requests that wait for others
	answering int       // streams that are being answered
	sending   []*stream // streams with a body to send
	turns     int       // index in sending of the stream whose turn it is

	sendWindow    int64 // of the connection
	initialWindow int64 // of each new stream
	unacked       int64 // bytes of content that were received and not given back to the window

	allowance allowance
	times     times
	mail      mailbox
}

// newConn returns a connection that begins at the time now.
func newConn(s *Server, peer *respond.Peer, now time.Time, wake func()) *conn {
	c := &conn{
		server: s, peer: peer, wake: wake, now: now,
		streams: map[uint32]*stream{}, sendWindow: defaultWindow, initialWindow: defaultWindow,
		allowance: allowance{left: mostAllowance, since: now},
	}
	c.decoder = hpack.New(tableSize, blockFactor*s.MaxHeader, c.field)
	c.times.began, c.times.active = now, now
	c.takeOutput()
	c.appendSettings()
	return c
}

// Initial values of settings (RFC 9113 §6.5.2).
const (
	defaultWindow = 1<<16 - 1
	tableSize     = 4096
)

// receive takes over what was read. b is used until the next call of keep.
func (c *conn) receive(b []byte) {
	if len(c.in) == 0 {
		c.in, c.own = b, false
		return
	}
	c.in = append(c.in, b...)
}

// keep copies what is left of the argument of receive.
func (c *conn) keep() {
	if len(c.in) == 0 {
		c.in, c.own = nil, false
	} else if !c.own {
		c.in, c.own = append([]byte(nil), c.in...), true
	}
}

// rest gives up the memory that is not needed while nothing comes.
func (c *conn) rest() {
	c.freeExchange()
	c.freeStreams()
	if len(c.out) == 0 && c.output != nil {
		*c.output = c.out
		outputs.Put(c.output)
		c.out, c.output = nil, nil
	}
}

// takeOutput gives out memory that was used before.
func (c *conn) takeOutput() {
	if c.output == nil {
		c.output = outputs.Get().(*[]byte)
		c.out = (*c.output)[:0]
	}
}

// outputs has memory for output.
var outputs = sync.Pool{New: func() any { b := make([]byte, 0, maxFrame); return &b }}

// turn handles what has come, and appends to out what is to be written. It does so as long as out
// has room, and must be called again when out was written.
func (c *conn) turn(now time.Time) {
	c.now = now
	c.takeOutput()
	if c.ending {
		c.in = c.in[:0]
		return
	}
	c.collect()
	c.checkTimes()
	if c.server.Draining.Load() {
		c.drain()
	}
	c.handleFrames()
	c.startAsked()
	c.sendPrepared()
	c.pump()
	if c.times.drain == drainLast && len(c.streams) == 0 {
		c.ending = true
	}
}

// wrote takes n bytes off out, which were written.
func (c *conn) wrote(n int) {
	if n < len(c.out) {
		c.out = c.out[:copy(c.out, c.out[n:])]
		return
	}
	c.times.unsent = time.Time{}
	if c.out = c.out[:0]; cap(c.out) > mostOutput {
		c.out, c.output = nil, nil
		c.takeOutput()
	}
}

// end releases what the connection holds. Goroutines that answer end soon.
func (c *conn) end() {
	c.ending = true
	c.mail.close()
	c.collect()
	for _, s := range c.streams {
		c.drop(s)
	}
	c.rest()
	c.framer = nil // it may remember half a header block, so nothing else may use it
	c.in, c.out, c.asked, c.sending = nil, nil, nil, nil
}

// fail ends the connection because of an error of the client's (RFC 9113 §5.4.1).
func (c *conn) fail(code http2.ErrCode) {
	c.sendPrepared() // answers to what was right
	c.appendGoAway(c.lastID, code)
	c.ending = true
}

// charge takes n off the allowance, and ends the connection if that was not left.
func (c *conn) charge(n int) {
	if !c.allowance.spend(n, c.now) && !c.ending {
		c.fail(http2.ErrCodeEnhanceYourCalm)
	}
}
