package serve

import (
	"context"
	"time"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// Poll looks every so often whether archives of Archive.Open were replaced, and reloads these,
// until ctx ends. Run calls it with RunOptions.Poll; a program that mounts Handler calls it after
// Load. The time must be positive.
func (s *Server) Poll(ctx context.Context, every time.Duration) {
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
