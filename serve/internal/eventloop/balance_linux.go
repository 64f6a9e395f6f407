package eventloop

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A few busy loops do better than many that are half idle. The more events come at once, the fewer
// calls fetch them, and the fewer threads are woken. So there is one active loop at first. While
// all active loops are busy all the time their number doubles, and it is halved if half of them
// could do the work. A connection moves after its next request.

const (
	loadWindow = 100 * time.Millisecond // the shortest time over which a load is measured
	loadStale  = time.Second            // after which a loop without a new load is idle
	settleTime = 3 * loadWindow         // between changes, for new loads to be measured
	growAt     = 97                     // percent of the time of the active loops
	shrinkAt   = 75                     // percent of the time of half of them
)

// load is how busy a loop is.
type load struct {
	begun time.Time     // when the window began
	busy  time.Duration // since then

	percent atomic.Int32 // of the last window
	ended   atomic.Int64 // Monotonic when that window ended
}

var started = time.Now()

// Monotonic returns t in nanoseconds since the process began, by a clock that is never set.
func Monotonic(t time.Time) int64 { return int64(t.Sub(started)) }

// balance ends a loop's window, and changes the number of active loops if it is not right.
func (g *Group) balance(l *loop, now time.Time) {
	w := &l.load
	w.percent.Store(int32(100 * w.busy / now.Sub(w.begun)))
	w.ended.Store(Monotonic(now))
	w.begun, w.busy = now, 0
	active := g.active.Load()
	if changed := g.changed.Load(); Monotonic(now)-changed < int64(settleTime) {
		return
	}
	busy := int32(0)
	for _, other := range g.loops[:active] {
		if Monotonic(now)-other.load.ended.Load() < int64(loadStale) {
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

// home returns the loop that a connection should be in.
func (g *Group) home(c *Conn) *loop { return g.loops[c.number%uint32(g.active.Load())] }

// move makes another loop wait for the connection, unless it is lent. It is called in the loop that
// has it.
func (c *Conn) move(to *loop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.lent.Load() || to.control(unix.EPOLL_CTL_ADD, c.fd, c.armed) != nil {
		return
	}
	// The old loop has the descriptor, so this does not fail.
	_ = c.loop.Load().control(unix.EPOLL_CTL_DEL, c.fd, armedNot)
	c.loop.Store(to)
}
