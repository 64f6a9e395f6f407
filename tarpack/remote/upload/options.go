package upload

import (
	"cmp"
	"time"

	"github.com/tarpack/tpk/tarpack/remote/object"
)

// Options are the options of New. The zero value, or nil, is usable.
type Options struct {
	// PartSize is the size of all parts but the last one, in bytes. S3 wants at least 5 MiB. 0 means 8
	// MiB for the first 1,000 parts and then more for each, so that 5 TiB have 10,000 parts, the most
	// that S3 takes. Some stores want parts of one size.
	PartSize int64
	// Parallel is the number of parts that are sent at the same time. One more is in memory, or in a
	// temporary file if it has over 32 MiB. 0 means 4.
	Parallel int
	// Retries and RetryAfter are those of object.Options.
	Retries    int
	RetryAfter time.Duration
	// Timeout is how long the server may take nothing of a body, or may take to answer when it has
	// all. 0 means 60 seconds.
	Timeout time.Duration
	// CompleteTimeout is how long the server may take to make the object of its parts. 0 means 15
	// minutes: some copy all of it.
	CompleteTimeout time.Duration
}

func (o *Options) withDefaults() *Options {
	if o == nil {
		o = &Options{}
	}
	d := *o
	d.Parallel = cmp.Or(d.Parallel, 4)
	d.Timeout = cmp.Or(d.Timeout, time.Minute)
	d.CompleteTimeout = cmp.Or(d.CompleteTimeout, 15*time.Minute)
	return &d
}

// request returns the options of a request that may take so long.
func (o *Options) request(timeout time.Duration) *object.Options {
	return &object.Options{Retries: o.Retries, RetryAfter: o.RetryAfter, HeaderTimeout: timeout}
}

// LeastPart is the smallest size of a part, other than the last one, that S3 takes.
const LeastPart = 5 << 20

// The most parts of an upload and their sizes: 1,000 of 8 MiB, and then 0.13 MiB more for each,
// come to 5.1 TiB.
var maxParts = 10_000 // less in tests

const (
	firstSize = 8 << 20
	sameSize  = 1000
	growth    = (13 << 20) / 100
)

// partSize returns the size of part n, counted from 1.
func (o *Options) partSize(n int) int64 {
	if o.PartSize > 0 {
		return o.PartSize
	}
	return firstSize + growth*int64(max(0, n-sameSize))
}
