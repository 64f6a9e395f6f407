package serve

import (
	"context"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// poll reloads archives of Archive.Open that were replaced, until ctx ends.
func (s *Server) poll(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	said := "" // about a failure, which is not repeated
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		replaced := s.library.Replaced()
		if len(replaced) == 0 || ctx.Err() != nil {
			continue
		}
		if err := s.Reload(ctx); err == nil {
			s.options.Log("archives reloaded: " + replaced[0] + more(len(replaced)-1))
			said = ""
		} else if now := archives.Describe(err); now != said && ctx.Err() == nil {
			s.options.Log("still served as before: " + now)
			said = now
		}
	}
}
