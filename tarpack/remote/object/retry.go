package object

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/tarpack/tpk/internal/count"
	"github.com/tarpack/tpk/tarpack/source"
)

var firstDelay = 250 * time.Millisecond // between two attempts; shorter in tests

const (
	mostDelay = 10 * time.Second // unless the server asks for more
	// A transfer that was cut off after so many bytes does not count as another failure.
	enoughBytes = 64 << 10
)

// attempts counts the failures of one Get and waits after each.
type attempts struct {
	o        *Options
	failures int   // since enough bytes came
	since    int64 // bytes since the last failure
}

func (a *attempts) received(n int) {
	if a.since += int64(n); a.since >= enoughBytes {
		a.failures = 0
	}
}

// wait waits for the time of the next attempt. It returns an error if there must not be another
// one: err itself if that is not temporary, or one that wraps source.ErrUnavailable.
func (a *attempts) wait(ctx context.Context, err error) error {
	var t *temporary
	if !errors.As(err, &t) {
		return err
	}
	a.failures++
	a.since = 0
	switch {
	case a.failures > a.o.Retries:
		return fmt.Errorf("%w: %w (%s)", source.ErrUnavailable, t.err,
			count.Of(a.failures, "attempt", "attempts"))
	case t.after > a.o.RetryAfter:
		return fmt.Errorf("%w: %w: the server asks to wait for %v", source.ErrUnavailable, t.err,
			t.after)
	}
	timer := time.NewTimer(max(backoff(a.failures), t.after))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// backoff returns how long to wait after so many failures: twice as long each time, less up to half
// of it at random, so that clients that failed together don't come back together.
func backoff(failures int) time.Duration {
	d := min(firstDelay<<min(failures-1, 10), mostDelay)
	return d - rand.N(d/2)
}

// retryAfter returns how long the server asks to wait: seconds or a date (RFC 9110 §10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	t, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return max(0, t.Sub(now))
}
