package eventloop

import (
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// calls has the connections whose Handler a loop must call because of Interrupt. Events of the
// connections themselves can't do that: while a client takes nothing, and sends nothing, epoll
// reports none.
type calls struct {
	bell int // an eventfd; each write to it is one event

	mu     sync.Mutex
	conns  []*Conn
	visits []chan<- struct{} // each is closed by the loop: see Group.Visit
	ending bool              // the loop must end
	closed bool
	spare  []*Conn // the loop's: memory for conns
}

// open makes the loop wait for calls.
func (k *calls) open(l *loop) (err error) {
	if k.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return err
	}
	if err = l.control(unix.EPOLL_CTL_ADD, k.bell, unix.EPOLLIN|unix.EPOLLET); err != nil {
		_ = unix.Close(k.bell)
	}
	return err
}

// add makes the loop call the Handler of c.
func (k *calls) add(c *Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.conns = append(k.conns, c); len(k.conns) == 1 {
		k.ring()
	}
}

// visit makes the loop close a channel.
func (k *calls) visit(c chan<- struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		close(c)
		return
	}
	k.visits = append(k.visits, c)
	k.ring()
}

// receive closes the channels of visits.
func (k *calls) receive() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.visits {
		close(c)
	}
	k.visits = nil
}

// end makes the loop end.
func (k *calls) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ending = true
	k.ring()
}

// ring wakes the loop. The lock is held. The counter of the eventfd is never read: the bell is
// edge-triggered.
func (k *calls) ring() {
	if k.closed {
		return // the descriptor may be another file's
	}
	one := uint64(1)
	_, _, _ = syscall.RawSyscall(unix.SYS_WRITE, uintptr(k.bell), uintptr(unsafe.Pointer(&one)),
		unsafe.Sizeof(one))
}

// take returns the connections that were added since the last call, and whether the loop goes on.
func (k *calls) take() (conns []*Conn, goOn bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	conns, k.conns = k.conns, k.spare
	k.spare = nil
	return conns, !k.ending
}

// reuse takes back what take has returned.
func (k *calls) reuse(conns []*Conn) {
	clear(conns)
	k.spare = conns[:0]
}

func (k *calls) close() {
	k.receive()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	_ = unix.Close(k.bell)
}

// answerCalls calls the Handlers of connections that were interrupted. It returns false if the loop
// must end.
func (l *loop) answerCalls(now time.Time) bool {
	conns, goOn := l.calls.take()
	for _, c := range conns {
		switch at := c.loop.Load(); {
		case !goOn || !c.due():
		case at == l:
			l.happened(c, now)
		default:
			at.calls.add(c) // it has moved
		}
	}
	l.calls.reuse(conns)
	l.calls.receive()
	return goOn
}
