package eventloop

import (
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	roomSize  = 16 << 10 // bytes that are read at once
	maxEvents = 256      // events that are fetched at once
	shortWait = 100      // ms
)

// Group is a number of loops that share connections.
type Group struct {
	loops   []*loop
	active  atomic.Int32 // how many of the loops have connections: see balance_linux.go
	changed atomic.Int64 // Monotonic when that was last changed
	number  atomic.Uint32
	table   table
}

// loop is a goroutine that waits for all of its connections.
type loop struct {
	group  *Group
	epoll  int
	calls  calls
	lent   bool // goroutines were started or woken that have not run yet
	load   load
	events [maxEvents]unix.EpollEvent
	room   [roomSize]byte
}

var shared struct {
	mu    sync.Mutex
	group *Group
}

// Shared returns the Group of this process. It has one loop for each two of Go's processors
// (runtime.GOMAXPROCS) at the time of the first call: a busy loop keeps a processor, and goroutines
// need the others. With only one processor the error is errors.ErrUnsupported. After another error,
// as of a lack of descriptors, the next call tries again.
func Shared() (*Group, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.group == nil {
		n := runtime.GOMAXPROCS(0) / 2
		if n == 0 {
			return nil, errors.ErrUnsupported
		}
		g, err := New(n)
		if err != nil {
			return nil, err
		}
		shared.group = g
	}
	return shared.group, nil
}

// New starts n loops.
func New(n int) (*Group, error) {
	g := &Group{}
	g.active.Store(1)
	for range n {
		l, err := newLoop(g)
		if err != nil {
			for _, l := range g.loops {
				l.close()
			}
			return nil, err
		}
		g.loops = append(g.loops, l)
	}
	for _, l := range g.loops {
		go l.run()
	}
	return g, nil
}

func newLoop(g *Group) (l *loop, err error) {
	l = &loop{group: g}
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if err = l.calls.open(l); err != nil {
		_ = unix.Close(l.epoll)
		return nil, err
	}
	return l, nil
}

// Visit waits until each loop has come to its next event, which shows that none hangs. It returns
// the error of ctx if that ends first.
func (g *Group) Visit(ctx context.Context) error {
	for _, l := range g.loops {
		came := make(chan struct{})
		l.calls.visit(came)
		select {
		case <-came:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// Close ends the loops. Connections that are not lent to a goroutine are not answered any more, and
// should have been closed.
func (g *Group) Close() {
	for _, l := range g.loops {
		l.calls.end()
	}
}

// control calls epoll_ctl.
func (l *loop) control(op, fd int, events uint32) error {
	return unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// run waits for events until the Group is closed.
func (l *loop) run() {
	defer l.close()
	now := time.Now()
	l.load.begun = now
	for {
		idle := time.Now()
		l.load.busy += idle.Sub(now)
		n := l.wait()
		if now = time.Now(); now.Sub(l.load.begun) > loadWindow {
			l.group.balance(l, now)
		}
		for i := range n {
			e := &l.events[i]
			if int(e.Fd) == l.calls.bell {
				if !l.answerCalls(now) {
					return
				}
				continue
			}
			switch c := l.group.table.get(int(e.Fd)); {
			case c == nil:
				_ = l.control(unix.EPOLL_CTL_DEL, int(e.Fd), 0) // closed
			case c.loop.Load() == l:
				l.happened(c, now)
			}
		}
		if l.lent {
			l.lent = false
			// Without this, those goroutines would wait until the runtime notices that this one
			// waits in the system.
			runtime.Gosched()
		}
	}
}

func (l *loop) close() {
	l.calls.close()
	_ = unix.Close(l.epoll)
}

// wait waits for events and returns how many there are. That is 0 now and then.
//
// At first it waits without the scheduler's knowledge: to give a processor up and get one again
// costs more than finding a file. If nothing happens for long it waits as other goroutines do. (The
// runtime interrupts a wait that keeps a processor for 10 ms, and at once if it has to stop the
// world.)
func (l *loop) wait() int {
	n, _, err := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epoll),
		uintptr(unsafe.Pointer(&l.events)), maxEvents, shortWait, 0, 0)
	if err == 0 && n > 0 {
		return int(n)
	}
	k, _ := unix.EpollWait(l.epoll, l.events[:], -1)
	return max(k, 0)
}

// happened handles an event of a connection.
func (l *loop) happened(c *Conn, now time.Time) {
	if c.lent.Load() && c.notify() {
		return
	}
	c.ready(l.room[:], now)
	if to := l.group.home(c); to != l {
		c.move(to)
	}
}

// Take makes nc, a connection of TCP or a unix socket, one of the Group's. It waits for something
// to read after Start. nc is closed then. After an error nc is unchanged.
func (g *Group) Take(nc net.Conn) (*Conn, error) {
	s, ok := nc.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{
		number: g.number.Add(1),
		local:  nc.LocalAddr(), remote: nc.RemoteAddr(), wake: make(chan struct{}, 1),
	}
	c.loop.Store(g.home(c))
	if err := raw.Control(func(fd uintptr) {
		c.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC,
			0)
	}); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if !fits(c.fd) {
		_ = unix.Close(c.fd)
		return nil, errors.ErrUnsupported
	}
	_ = nc.Close() // the connection lives on by its other descriptor
	return c, nil
}

// Start makes the loop call h. It may do so before Start has returned.
func (c *Conn) Start(h Handler) error {
	// An event of the descriptor's previous connection may close c as soon as the table has it.
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.handler = h
	c.loop.Load().group.table.set(c.fd, c)
	return c.enter()
}

// Handle makes the loop call h from now on, and not the Handler of before. It is for the side to
// which the connection belongs.
func (c *Conn) Handle(h Handler) { c.handler = h }

// table finds connections by their descriptors. An event may be one of a connection that had the
// descriptor before. At worst Handler.Ready finds nothing to read.
type table [tableRows]atomic.Pointer[tableRow]

type tableRow [1024]atomic.Pointer[Conn]

const tableRows = 4096

// fits reports whether the table has room for a descriptor: it has, up to four million.
func fits(fd int) bool { return fd>>10 < tableRows }

func (t *table) get(fd int) *Conn {
	if row := t[fd>>10].Load(); row != nil {
		return row[fd&1023].Load()
	}
	return nil
}

func (t *table) set(fd int, c *Conn) {
	row := t[fd>>10].Load()
	if row == nil {
		t[fd>>10].CompareAndSwap(nil, new(tableRow))
		row = t[fd>>10].Load()
	}
	row[fd&1023].Store(c)
}
