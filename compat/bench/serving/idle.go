package serving

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tarpack/tpk/compat/bench/measure"
)

// idleConnections is the number of connections whose memory is measured.
const idleConnections = 1000

// settle is how long a server has to let go of what it needs no longer, before its memory counts.
const settle = time.Second

// idle measures the memory of connections that have had one page each and stay open.
func (s site) idle(list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	path, _, _ := strings.Cut(string(text), "\n")
	for _, protocol := range []string{https, http2} {
		name := fmt.Sprintf("WireIdle/tree=%s/protocol=%s/conns=%d", s.tree.Name, protocol,
			idleConnections)
		if !s.b.Wanted(name) {
			continue
		}
		s.b.Logf("%s: %d rounds", name, s.b.Rounds)
		for round := range s.b.Rounds {
			servers := s.wireServers()
			for i := range servers {
				x := servers[(i+round)%len(servers)]
				if err := s.idleOf(x, name, protocol, path); err != nil {
					return err
				}
			}
		}
		if err := s.b.Results.Save(); err != nil {
			return err
		}
	}
	return nil
}

// idleOf measures a new server.
func (s site) idleOf(x *server, name, protocol, path string) error {
	up, err := startAll(s.b, []*server{x})
	defer x.stop()
	if err != nil || len(up) == 0 {
		return err
	}
	// The same page once before, so that what belongs to it is no part of the difference.
	release, err := x.hold(protocol, 1, path)
	release()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	before := x.memory()
	release, err = x.hold(protocol, idleConnections, path)
	defer release()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	after := x.memory()
	x.record(s.b, name, []measure.Value{
		{Of: after - before, Unit: "added-B"}, {Of: after, Unit: "rss-B"},
	})
	return nil
}

// hold opens connections, gets a page over each, and leaves them open until release is called.
func (s *server) hold(protocol string, n int, path string) (release func(), err error) {
	clients := make([]*http.Client, n)
	var g errgroup.Group
	g.SetLimit(32)
	for i := range clients {
		clients[i] = s.client(protocol) // each has its own connection
		g.Go(func() error {
			_, err := page(clients[i], protocol, s.url()+path)
			return err
		})
	}
	return func() {
		for _, c := range clients {
			c.CloseIdleConnections()
		}
	}, g.Wait()
}
