package serve

import (
	"context"
	"net"
	"sync"
	"time"
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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	listeners, err := s.listen(&o)
	if err != nil {
		return err
	}
	stopAdmin, err := s.startAdmin(o.Admin)
	if err != nil {
		closeAll(listeners)
		return err
	}
	defer stopAdmin()

	loaded := make(chan error, 1)
	var loading sync.WaitGroup
	loading.Go(func() { loaded <- s.Load(ctx) })
	select {
	case err = <-loaded:
		loaded <- err
	case <-time.After(grace): // it is being indexed
	case <-ctx.Done():
	}
	e := s.newEngine(&o)
	var accepting sync.WaitGroup
	for _, ln := range listeners {
		accepting.Go(func() { e.Serve(ln.Listener, ln.via) })
	}
	if err == nil {
		err = s.untilDone(ctx, &o, loaded, listeners)
	}
	closeAll(listeners)
	accepting.Wait()
	limit, stop := context.WithTimeout(context.Background(), o.ShutdownTimeout)
	defer stop()
	if e.Shutdown(limit) != nil {
		s.options.Log("transfers still under way after " + o.ShutdownTimeout.String() + " were cut off")
	}
	cancel()
	loading.Wait() // it removes its temporary files
	return err
}

// untilDone waits until ctx ends. It returns an error as soon as the archives can't be loaded, and
// the cause of ctx if they are not loaded by then.
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
	if o.Ready != nil {
		var addresses []net.Addr
		for _, ln := range listeners {
			addresses = append(addresses, Address{ln.Addr(), ln.via.TLS != nil})
		}
		o.Ready(addresses)
	}
	var looking sync.WaitGroup
	defer looking.Wait()
	if o.Poll > 0 {
		looking.Go(func() { s.poll(ctx, o.Poll) })
	}
	if o.Watch {
		s.watch(ctx)
	}
	<-ctx.Done()
	return nil
}
