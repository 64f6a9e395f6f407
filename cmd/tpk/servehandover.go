package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/tarpack/tpk/cmd/tpk/handover"
	"github.com/tarpack/tpk/serve"
)

// errSuccessorEnded ends a server whose successor has ended before it.
var errSuccessorEnded = errors.New("serve: the process that had taken over has ended")

// succession lets a new process take over from this one.
type succession struct {
	server  *serve.Server
	manager supervisor
	end     context.CancelCauseFunc // of the server
	given   chan struct{}           // closed when the new process has taken over

	starting atomic.Bool
	reload   atomic.Bool // SIGHUP has come meanwhile
}

// start starts a new process, unless one is starting. It returns when that has ended or failed to
// start.
func (s *succession) start(ctx context.Context) {
	log := s.manager.log
	if !s.starting.CompareAndSwap(false, true) {
		log("SIGUSR2: a new process is starting already, or has taken over")
		return
	}
	var next *handover.Successor
	err := s.server.HandOver(func(
		listeners []serve.NamedListener, archives []serve.Archive,
	) (err error) {
		if next, err = handover.Start(ctx, listeners, archives); err == nil {
			s.manager.handedOver(next.Pid)
			next.Confirm()
			s.takenOver(next.Pid)
		}
		return err
	})
	if err != nil {
		s.starting.Store(false)
		if ctx.Err() == nil {
			log("SIGUSR2: still serving as before: " + plainError(err))
		}
		return
	}
	next.Ended()
	s.end(errSuccessorEnded)
}

// takenOver notes that the process pid has taken over, while this one still serves: without
// transfers it ends as soon as it no longer does.
func (s *succession) takenOver(pid int) {
	close(s.given)
	s.manager.log(fmt.Sprintf(
		"SIGUSR2: process %d has taken over; transfers in progress are finished", pid))
	if s.reload.Load() {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Signal(syscall.SIGHUP)
		}
	}
}

// over reports whether the new process has taken over.
func (s *succession) over() bool {
	select {
	case <-s.given:
		return true
	default:
		return false
	}
}
