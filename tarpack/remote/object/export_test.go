package object

import "time"

func init() { firstDelay = 8 * time.Millisecond }

// ParseContentRange is parseContentRange with the fields of the span.
func ParseContentRange(v string) (first, last, size int64, ok bool) {
	s, ok := parseContentRange(v)
	return s.first, s.last, s.size, ok
}

// Names for what is tested by itself.
var (
	RetryAfter = retryAfter
	Backoff    = backoff
)
