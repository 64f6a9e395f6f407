package eventloop

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Few busy loops do better than many that are half idle: the more events come at once, the fewer calls fetch them, and the fewer threads
// are woken. So there is one active loop at first, twice as many when these are busy all the time, and half as many
// when the rest could do it easily. A connection follows after its next request.

const (
	loadWindow = 100 * time.Millisecond // for how long at least a loop's load is measured
	loadStale  = time.Second            // a loop that has told nothing for so long is idle
	settleTime = 3 * loadWindow         // after a change, for the active loops to tell how busy they are now
	growAt     = 97                     // per cent of the time of the active loops
	shrinkAt   = 75                     // per cent of the time of half of them
)

// load is how busy a loop is.
type load struct {
	begun time.Time // the window
	busy  time.Duration

	percent atomic.Int32 // in the last window
	told    atomic.Int64 // when that was, as Monotonic tells it
}

var started = time.Now()

// Monotonic is a time in ns since the process began, by a clock that nobody sets.
func Monotonic(t time.Time) int64 { return int64(t.Sub(started)) }

// balance ends a loop's window, and changes the number of active loops if it is not right.
func (g *Group) balance(l *loop, now time.Time) {
	w := &l.load
	w.percent.Store(int32(100 * w.busy / now.Sub(w.begun)))
	w.told.Store(Monotonic(now))
	w.begun, w.busy = now, 0
	active := g.active.Load()
	if changed := g.changed.Load(); Monotonic(now)-changed < int64(settleTime) {
		return
	}
	busy := int32(0)
	for _, other := range g.loops[:active] {
		if Monotonic(now)-other.load.told.Load() < int64(loadStale) {
			busy += other.load.percent.Load()
		}
	}
	want, half := active, (active+1)/2
	switch {
	case busy > growAt*active:
		want = min(2*active, int32(len(g.loops)))
	case busy < shrinkAt*half:
		want = half
	}
	if want != active && g.active.CompareAndSwap(active, want) {
		g.changed.Store(Monotonic(now))
	}
}

// home is the loop that a connection should be in.
func (g *Group) home(c *Conn) *loop { return g.loops[c.number%uint32(g.active.Load())] }

// move lets another loop wait for the connection, unless it is lent. It is called in the loop that has it.
func (c *Conn) move(to *loop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.lent.Load() || to.control(unix.EPOLL_CTL_ADD, c.fd, armedForLoop) != nil {
		return
	}
	_ = c.loop.Load().control(unix.EPOLL_CTL_DEL, c.fd, armedNot) // it is there
	c.loop.Store(to)
	c.armed = armedForLoop
}
