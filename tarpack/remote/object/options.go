package object

import (
	"cmp"
	"time"
)

// Options are the options of Open. The zero value, or nil, is usable.
type Options struct {
	// First is the number of bytes that Open asks for and keeps in memory: the first ones, or the last
	// ones if it is negative. 0 means the last 64 KiB.
	First int64
	// Retries is how often a failed request is sent again. 0 means 4, a negative number none. A body
	// that is cut off goes on where it ended, which counts as one of them unless 64 KiB had come.
	Retries int
	// RetryAfter is the longest time to wait if the server asks to wait with Retry-After. 0 means 30
	// seconds. A server that asks for more is source.ErrUnavailable at once.
	RetryAfter time.Duration
	// HeaderTimeout is how long a response may take to begin, with the time to connect. 0 means 30
	// seconds.
	HeaderTimeout time.Duration
	// StallTimeout is how long a reader waits for the next 16 KiB of a body, or its end. 0 means 30
	// seconds.
	StallTimeout time.Duration

	// Notice, if set, is called once by Open if the server has no strong ETag: see ErrWeak.
	Notice func(error)
}

// withDefaults returns a copy in which every field is set.
func (o *Options) withDefaults() *Options {
	if o == nil {
		o = &Options{}
	}
	d := *o
	d.First = cmp.Or(d.First, -64<<10)
	d.Retries = max(0, cmp.Or(d.Retries, 4))
	d.RetryAfter = cmp.Or(d.RetryAfter, 30*time.Second)
	d.HeaderTimeout = cmp.Or(d.HeaderTimeout, 30*time.Second)
	d.StallTimeout = cmp.Or(d.StallTimeout, 30*time.Second)
	if d.Notice == nil {
		d.Notice = func(error) {}
	}
	return &d
}
