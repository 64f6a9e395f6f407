package serve

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/tarpack/tpk/serve/internal/engine"
)

// grace is how long the first requests wait for the archives to be opened before they get 503.
const grace = 200 * time.Millisecond

// Run loads the archives and answers requests until ctx ends. Then it lets answers under way
// finish, and returns nil, or the cause of ctx if the archives were not open yet. An archive that
// can't be opened ends it with an error.
//
// On Linux, connections are answered by event loops, one for each two of Go's processors. A
// program that does nothing else is fastest with twice as many as usual: runtime.GOMAXPROCS(2 *
// runtime.GOMAXPROCS(0)) before Run.
func (s *Server) Run(ctx context.Context, o RunOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = defaultShutdownTimeout
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = defaultDrainTimeout
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listeners, admin, err := s.listenAll(&o)
	if err != nil {
		return err
	}
	stopAdmin := closer(admin)
	if len(o.Former) == 0 {
		stopAdmin = s.startAdmin(admin)
	}
	defer func() { stopAdmin() }()

	loaded := make(chan error, 1)
	var loading sync.WaitGroup
	loading.Go(func() { loaded <- s.load(ctx, o.FormerArchives) })
	var patience <-chan time.Time // never, if a former process answers meanwhile
	if len(o.Former) == 0 {
		patience = time.After(grace)
	}
	select {
	case err = <-loaded:
		loaded <- err
	case <-patience: // it is being indexed
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	e := s.newEngine(&o)
	var accepting sync.WaitGroup
	if err == nil {
		if len(o.Former) > 0 {
			stopAdmin = s.startAdmin(admin)
		}
		for _, ln := range listeners {
			accepting.Go(func() { e.Serve(ln.Listener, ln.via) })
		}
		err = s.untilDone(ctx, &o, loaded, listeners)
	}
	closeAll(listeners)
	accepting.Wait()
	if s.handover.done() {
		stopAdmin() // the process that has taken over answers there
	}
	s.endConnections(ctx, e, &o)
	cancel()
	loading.Wait() // it removes its temporary files
	return err
}

// listenAll opens all listeners and that of the admin server, or none.
func (s *Server) listenAll(o *RunOptions) (all []listener, admin net.Listener, err error) {
	open := &opener{former: slices.Clone(o.Former), notes: &s.handover}
	defer open.closeRest()
	if all, err = s.listen(o, open); err != nil {
		return nil, nil, err
	}
	if admin, err = listenAdmin(o.Admin, open); err != nil {
		closeAll(all)
		return nil, nil, err
	}
	return all, admin, nil
}

// endConnections lets answers under way finish.
func (s *Server) endConnections(ctx context.Context, e *engine.Engine, o *RunOptions) {
	if s.handover.done() {
		limit, stop := context.WithTimeout(ctx, o.DrainTimeout)
		defer stop()
		if e.Drain(limit) != nil && ctx.Err() == nil {
			s.cutOff(o.DrainTimeout)
			e.Close()
			return
		}
	}
	limit, stop := context.WithTimeout(context.Background(), o.ShutdownTimeout)
	defer stop()
	if e.Shutdown(limit) != nil {
		s.cutOff(o.ShutdownTimeout)
	}
}

// cutOff logs that not all answers could finish.
func (s *Server) cutOff(after time.Duration) {
	s.options.Log("transfers still under way after " + after.String() + " were cut off")
}

// untilDone waits until ctx ends, or another process has taken over. It returns an error as soon as
// the archives can't be loaded, and the cause of ctx if they are not loaded by then.
func (s *Server) untilDone(ctx context.Context, o *RunOptions, loaded <-chan error,
	listeners []listener) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-loaded:
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
	}
	s.handover.setReady()
	if o.Ready != nil {
		var addresses []net.Addr
		for _, ln := range listeners {
			addresses = append(addresses, Address{ln.Addr(), ln.via.TLS != nil})
		}
		o.Ready(addresses)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var looking sync.WaitGroup
	defer looking.Wait()
	looking.Go(func() {
		defer cancel()
		select {
		case <-s.handover.given:
		case <-ctx.Done():
		}
	})
	if o.Poll > 0 {
		looking.Go(func() { s.Poll(ctx, o.Poll) })
	}
	if o.Watch {
		s.Watch(ctx)
	}
	<-ctx.Done()
	return nil
}
